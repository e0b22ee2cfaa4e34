/**
 * Signals that ask a server for something, from the first line of the program on: they end nobody, not during the start,
 * nor at the end, nor in a worker that gets them with all processes of the service.
 */

/** SIGUSR1 would open Node's debugger, to everybody on this machine. */
const SIGNALS = ['SIGHUP', 'SIGUSR1'] as const;

type Asking = (typeof SIGNALS)[number];

const wanted = new Set<Asking>();
const answers = new Map<Asking, () => void>();

// Other commands end with their terminal.
if (process.argv.includes('serve')) {
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      const answer = answers.get(signal);
      if (answer) answer();
      else wanted.add(signal);
    });
  }
}

/** @param answer is called for each of these signals from now on, and for those that have come before */
export function onSignal(signal: Asking, answer: () => void): void {
  answers.set(signal, answer);
  if (wanted.delete(signal)) answer();
}
