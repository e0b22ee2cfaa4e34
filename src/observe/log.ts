/** The log: one JSON line per decision, readable lines on a terminal. Listens to the events; nobody else writes to it. */

import pino, { type DestinationStream } from 'pino';
import type { Config } from '../config/schema.ts';
import { GatepostError } from '../errors.ts';
import type { DecisionEvent, Events, NoticeEvent, SigninEvent } from './events.ts';
import { prettyLine } from './pretty.ts';

export interface Log {
  /** Writes what is still in memory. */
  flush(): void;
}

type Level = Config['log']['level'];
type Write = (level: Level, fields: object, message: string) => void;

const levels: readonly Level[] = ['trace', 'debug', 'info', 'warn', 'error'];

/** Lines wait in memory for this many milliseconds at the most. */
const flushEvery = 200;
/** Bytes that wait for a reader that does not read; what comes then is lost. The alternative would be to end for want of memory. */
const mostWaiting = 32 * 1024 * 1024;

/**
 * Listens to `events`. `auto` writes readable lines on a terminal and JSON elsewhere.
 * @param destination for tests; standard output by default
 */
export function createLog(config: Config['log'], events: Events, destination?: DestinationStream): Log {
  const readable = config.format === 'pretty' || (config.format === 'auto' && process.stdout.isTTY === true);
  const buffered = destination ? undefined : openBuffered();
  const write = destination ? destination.write.bind(destination) : (line: string) => buffered!.write(bytesOf(line));
  const stream = readable ? { write: (line: string) => void write(prettyLine(line)) } : { write };
  listen(createWrite(stream), events, config.level);
  const flush = () => void buffered?.flush();
  if (buffered) setInterval(flush, flushEvery).unref();
  return { flush: () => flushNow(buffered) };
}

/**
 * Standard output, which is never waited for. A write per line would cost more than the decision: lines are gathered, and as
 * bytes, because a long text that grows line by line takes ten times as long to be written out.
 */
function openBuffered() {
  return pino.destination({
    dest: 1,
    sync: false,
    contentMode: 'buffer',
    minLength: 64 * 1024,
    maxWrite: 128 * 1024,
    maxLength: mostWaiting,
  });
}

/** The destination takes bytes in this mode; its type says text. */
const bytesOf = (line: string) => Buffer.from(line) as unknown as string;

/**
 * Writes one JSON object a line. pino's own serialiser is made for loggers with bindings and hooks and takes twice the time
 * of `JSON.stringify`, which for a decision is as long as all of the rest; its destination is what we want of it.
 */
function createWrite(stream: DestinationStream): Write {
  const time = createClock();
  return (level, fields, message) => {
    const text = JSON.stringify(fields).slice(1, -1);
    const comma = text === '' ? '' : ',';
    stream.write(`{"level":"${level}","time":"${time()}",${text}${comma}"msg":${JSON.stringify(message)}}\n`);
  };
}

/** The present time (ISO 8601, UTC), put into words once a millisecond: many lines share one. */
function createClock(): () => string {
  let at = 0;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== at) text = new Date(now).toISOString();
    at = now;
    return text;
  };
}

function listen(write: Write, events: Events, level: Level): void {
  const enabled = new Set(levels.slice(levels.indexOf(level)));
  if (enabled.has('info')) {
    events.on('decision', (event: DecisionEvent) => write('info', rounded(event), 'decision'));
    events.on('signin', (event: SigninEvent) => write('info', rounded(event), 'signin'));
  }
  events.on('notice', ({ level, message, error, ...rest }: NoticeEvent) => {
    if (enabled.has(level))
      write(level, error === undefined ? rest : { ...rest, error: describeError(error) }, message);
  });
}

function rounded<T extends { ms: number }>(event: T): T {
  event.ms = Math.round(event.ms * 1000) / 1000;
  return event;
}

/** Names, codes and messages of an error and of its causes; never its fields: they may hold a request with its secrets. */
export function describeError(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : 'an error that is none';
  const code = error instanceof GatepostError ? error.code : (error as { code?: unknown }).code;
  const own = `${error.name}${typeof code === 'string' ? ` (${code})` : ''}: ${error.message}`;
  return error.cause === undefined || depth > 4 ? own : `${own}; caused by ${describeError(error.cause, depth + 1)}`;
}

function flushNow(buffered: ReturnType<typeof pino.destination> | undefined): void {
  try {
    buffered?.flushSync();
  } catch {
    // Nothing was opened yet, or the reader of the log is gone: there is nobody to tell.
  }
}
