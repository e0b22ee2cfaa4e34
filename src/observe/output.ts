/** Standard output for the log: lines are gathered, and neither a reader that stalls nor a full disk delays a request. */
import { write, writeSync } from 'node:fs';

export interface Output {
  write(line: string): void;
  /** Begins to write what was gathered. */
  flush(): void;
  /** Writes what is left at once, for the end of the process; gives up after half a second. */
  end(): void;
  /** Lines lost since the start: no reader took them in time, or they could not be written. */
  readonly droppedLines: number;
}

export interface OutputOptions {
  /** Bytes that wait for a reader; lines beyond them are lost, as the alternative is a process that ends for want of memory. */
  maxWaitingBytes?: number;
  /** After a loss, once lines are written again: how many were lost since the last call. */
  onRecovered?: (droppedLines: number) => void;
}

/** Bytes that are written together. */
const CHUNK_BYTES = 128 * 1024;
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** Until a reader that is late is tried again. */
const RETRY_MS = 50;
const MAX_END_MS = 500;
const LINE_FEED = 0x0a;

/** The reader of a pipe is late: the bytes are still to be written. */
const isLate = (error: unknown) => ['EAGAIN', 'EBUSY'].includes(String((error as NodeJS.ErrnoException).code));

/**
 * Lines go into one piece of memory as bytes: a text that grows line by line takes ten times as long to be written.
 * Lines that cannot be written (a full disk, a reader that has gone) are lost and counted; the server goes on.
 */
export function createOutput(fd: number, options: OutputOptions = {}): Output {
  const { maxWaitingBytes = MAX_WAITING_BYTES, onRecovered } = options;
  const queue = createQueue();
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  /** The lines in `chunk` that are not in the queue yet. */
  let [from, to] = [0, 0];
  /** The piece that is on its way. */
  let inFlight: Buffer | undefined;
  let dropped = 0;
  let reported = 0;

  function seal(): void {
    if (to !== from) queue.add(chunk.subarray(from, to));
    from = to;
  }

  function pump(): void {
    const first = queue.first();
    if (inFlight !== undefined || first === undefined) return;
    inFlight = first;
    write(fd, first, 0, first.length, null, (error, count) => {
      inFlight = undefined;
      // Otherwise `end` was called in between.
      if (queue.first() === first) settle(first, error, count);
    });
  }

  function settle(piece: Buffer, error: unknown, count: number): void {
    if (error && isLate(error)) return void setTimeout(pump, RETRY_MS).unref();
    if (error) dropped += countLines(piece);
    queue.take(error ? piece.length : count);
    if (!error) reportLoss();
    pump();
  }

  /** Only when half of the memory is free again: a reader that is too slow would otherwise cause a report for each piece. */
  function reportLoss(): void {
    if (dropped === reported || queue.bytes() > maxWaitingBytes / 2) return;
    const lost = dropped - reported;
    reported = dropped;
    onRecovered?.(lost);
  }

  function end(): void {
    seal();
    // The first piece may be on its way already; where the end comes twice, the first time has taken it out.
    if (inFlight !== undefined && queue.first() === inFlight) queue.take(inFlight.length);
    const latest = performance.now() + MAX_END_MS;
    for (let first = queue.first(); first && performance.now() < latest; first = queue.first()) {
      try {
        queue.take(writeSync(fd, first));
      } catch (error) {
        if (!isLate(error)) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      }
    }
  }

  return {
    write(line) {
      if (queue.bytes() > maxWaitingBytes) {
        dropped += 1;
        return;
      }
      // No character takes more than three bytes.
      const most = line.length * 3;
      if (to + most > chunk.length) {
        seal();
        pump();
        chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, most));
        [from, to] = [0, 0];
      }
      to += chunk.write(line, to);
    },
    flush() {
      seal();
      pump();
    },
    end,
    get droppedLines() {
      return dropped;
    },
  };
}

/** Pieces of bytes in the order in which they are written. */
function createQueue() {
  const pieces: Buffer[] = [];
  let bytes = 0;
  return {
    bytes: () => bytes,
    first: () => pieces[0],
    add(piece: Buffer): void {
      pieces.push(piece);
      bytes += piece.length;
    },
    /** Removes `count` bytes, at most the whole first piece, from the front. */
    take(count: number): void {
      const [first] = pieces;
      if (first === undefined) return;
      bytes -= count;
      if (count < first.length) pieces[0] = first.subarray(count);
      else pieces.shift();
    },
  };
}

function countLines(piece: Buffer): number {
  let count = 0;
  for (let at = piece.indexOf(LINE_FEED); at >= 0; at = piece.indexOf(LINE_FEED, at + 1)) count += 1;
  return count;
}
