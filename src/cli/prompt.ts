/** Questions on a terminal. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

export interface Prompt {
  /**
   * Resolves with the line that was typed, without white space at its ends.
   * @param options `hidden`: what is typed is not shown
   * @throws PromptClosed
   */
  ask(question: string, options?: { hidden?: boolean }): Promise<string>;
  close(): void;
}

/** The person has ended the input: Ctrl-C, Ctrl-D. */
export class PromptClosed extends Error {}

/** @param input a terminal, as Node gives it */
export function createPrompt(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Prompt {
  let hidden = false;
  // Attack: a client secret that is echoed stays in the scrollback of the terminal and on the screen that others see.
  const echo = new Writable({
    write(chunk, _encoding, done) {
      if (!hidden) output.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input, output: echo, terminal: true });
  const closed = new Promise<never>((_, reject) => {
    lines.once('close', () => reject(new PromptClosed('the input has ended')));
  });
  // Nobody waits for it between two questions.
  closed.catch(() => undefined);
  return {
    async ask(question, options = {}) {
      const typed = new Promise<string>((resolve) => lines.question(question, resolve));
      // The question itself has been written by now.
      hidden = options.hidden === true;
      try {
        return (await Promise.race([typed, closed])).trim();
      } finally {
        if (hidden) output.write('\n');
        hidden = false;
      }
    },
    close: () => lines.close(),
  };
}
