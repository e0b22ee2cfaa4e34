/** What a command needs of its process, and what it ends with. */
export interface Io {
  out(line: string): void;
  error(line: string): void;
  env: Record<string, string | undefined>;
}

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
/** `explain`: the request is not let in. */
export const EXIT_REFUSED = 1;
/** The configuration cannot be used: its problems are on standard error. */
export const EXIT_INVALID_CONFIG = 2;
/** The command was typed wrongly, or what it works on cannot be used. */
export const EXIT_USAGE = 2;
/** As of a program that SIGPIPE ends (128 and its number). */
export const EXIT_NO_READER = 141;
