/** What a command needs of its process. */
export interface Io {
  out(line: string): void;
  error(line: string): void;
  env: Record<string, string | undefined>;
}
