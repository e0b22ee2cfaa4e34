/** Standard output for the log: lines are gathered, and neither a reader that stalls nor a full disk holds anybody up. */
import { write, writeSync } from 'node:fs';

export interface Output {
  write(line: string): void;
  /** Begins to write what was gathered. */
  flush(): void;
  /** Writes what is left at once, for the end of the process; gives up after half a second. */
  end(): void;
}

/** Bytes that are written together. */
const CHUNK = 128 * 1024;
/** Bytes that wait for a reader that does not read; what comes then is lost. The alternative would be to end for want of memory. */
const MOST = 32 * 1024 * 1024;
/** Milliseconds: until a reader that is late is tried again, and what the end may take. */
const PAUSE = 50;
const LONGEST_END = 500;

/** The reader of a pipe is late: the bytes are still to be written. */
const isLate = (error: unknown) => ['EAGAIN', 'EBUSY'].includes(String((error as NodeJS.ErrnoException).code));

/**
 * Lines go into one piece of memory as bytes: a text that grows line by line takes ten times as long to be written.
 * What cannot be written (a full disk, a reader that has gone) is lost, and nobody is left to be told: the site goes on.
 */
export function createOutput(fd: number): Output {
  const queue: Buffer[] = [];
  let chunk = Buffer.allocUnsafe(CHUNK);
  /** The lines in `chunk` that are not in the queue yet. */
  let [from, to] = [0, 0];
  let waiting = 0;
  /** The piece that is on its way. */
  let inFlight: Buffer | undefined;

  function seal(): void {
    if (to === from) return;
    queue.push(chunk.subarray(from, to));
    waiting += to - from;
    from = to;
  }

  /** Takes `count` bytes from the front of the queue. */
  function taken(count: number): void {
    const first = queue[0]!;
    waiting -= count;
    if (count < first.length) queue[0] = first.subarray(count);
    else queue.shift();
  }

  function pump(): void {
    const [first] = queue;
    if (inFlight !== undefined || first === undefined) return;
    inFlight = first;
    write(fd, first, 0, first.length, null, (error, count) => {
      inFlight = undefined;
      // The end has come in between.
      if (queue[0] !== first) return;
      if (error && isLate(error)) return void setTimeout(pump, PAUSE).unref();
      taken(error ? first.length : count);
      pump();
    });
  }

  function end(): void {
    seal();
    // The first piece may be on its way already; where the end comes twice, the first time has taken it out.
    if (inFlight !== undefined && queue[0] === inFlight) taken(inFlight.length);
    const latest = performance.now() + LONGEST_END;
    while (queue.length > 0 && performance.now() < latest) {
      try {
        taken(writeSync(fd, queue[0]!));
      } catch (error) {
        if (!isLate(error)) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      }
    }
  }

  return {
    write(line) {
      if (waiting > MOST) return;
      // No character takes more than three bytes.
      const most = line.length * 3;
      if (to + most > chunk.length) {
        seal();
        pump();
        chunk = Buffer.allocUnsafe(Math.max(CHUNK, most));
        [from, to] = [0, 0];
      }
      to += chunk.write(line, to);
    },
    flush() {
      seal();
      pump();
    },
    end,
  };
}

/** Lines wait in memory for this many milliseconds at the most. */
const FLUSH_EVERY = 200;
let standard: Output | undefined;

/** The one that writes to this process's standard output; at the end of the process, however it comes, it writes the rest. */
export function standardOutput(): Output {
  if (standard) return standard;
  // Node makes a pipe one that never blocks when its stream is first looked at.
  void process.stdout.writable;
  const output = createOutput(1);
  setInterval(output.flush, FLUSH_EVERY).unref();
  process.on('exit', output.end);
  standard = output;
  return output;
}
