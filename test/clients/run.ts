/** Runs a shell script as a user would, in an empty home; the servers of the tests answer meanwhile. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Ran {
  /** The exit code; `null` where it was killed for taking too long. */
  status: number | null;
  /** Standard output and standard error, each as it came. */
  out: string;
  error: string;
}

export type Shell = (script: string, variables?: Record<string, string>) => Promise<Ran>;

/** No settings of the user, no prompt for a password, no proxy in between. */
const clean = { GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0', no_proxy: '*', NO_PROXY: '*', LC_ALL: 'C.UTF-8' };

/** A shell whose home and working folder is `home`. A script is killed after 25 s. */
export function createShell(home: string): Shell {
  return async (script, variables = {}) => {
    const env = { PATH: process.env.PATH, HOME: home, ...clean, ...variables };
    const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: home,
      env,
      timeout: 25_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, error]: string[][] = [[], []];
    child.stdout.setEncoding('utf8').on('data', (text) => out!.push(text));
    child.stderr.setEncoding('utf8').on('data', (text) => error!.push(text));
    const [status] = await once(child, 'close');
    return { status, out: out!.join(''), error: error!.join('') };
  };
}
