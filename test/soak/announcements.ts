/** What a run has announced of its own faults: from when to when a 503, or a process that does not answer, is no wonder. */

/**
 * `fault`: questions may get a 503. `keys`: the provider has a key that Gatepost may not have read. `ahead`: to a process
 * the tokens of app passwords, which are short-lived here, have ended. `killed`, `stopping`, `frozen`: of one process.
 */
export type Announced = 'fault' | 'keys' | 'ahead' | 'killed' | 'stopping' | 'frozen';

interface Span {
  kind: Announced;
  /** Name of the process; absent: all. */
  process: string | undefined;
  from: number;
  to: number;
}

export function createAnnouncements(now: () => number) {
  const spans: Span[] = [];
  return {
    /** Begins a span; what is returned ends it, `laterMs` from then. */
    begin(kind: Announced, process?: string): (laterMs?: number) => void {
      const span: Span = { kind, process, from: now(), to: Number.POSITIVE_INFINITY };
      spans.push(span);
      return (laterMs = 0) => {
        span.to = now() + laterMs;
      };
    },
    /** Whether any part of the time from `from` to `to` was announced. */
    covers: (kind: Announced, process: string | undefined, from: number, to: number) =>
      spans.some(
        (one) =>
          one.kind === kind &&
          (one.process === undefined || one.process === process) &&
          one.from <= to &&
          one.to >= from,
      ),
  };
}

export type Announcements = ReturnType<typeof createAnnouncements>;
