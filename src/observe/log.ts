/** The log: one JSON line per decision, readable lines on a terminal. Listens to the events; nobody else writes to it. */
import type { Config } from '../config/schema.ts';
import { GatepostError } from '../errors.ts';
import type { DecisionEvent, Events, NoticeEvent, SigninEvent } from './events.ts';
import { type Output, standardOutput } from './output.ts';
import { prettyLine } from './pretty.ts';

export interface Log {
  /** Writes what is still in memory. */
  flush(): void;
}

type Level = Config['log']['level'];
type Write = (level: Level, fields: object, message: string) => void;

const levels: readonly Level[] = ['trace', 'debug', 'info', 'warn', 'error'];

/** Where lines go. */
type Destination = Pick<Output, 'write'>;

/**
 * Listens to `events`. `auto` writes readable lines on a terminal and JSON elsewhere.
 * @param destination for tests; standard output by default
 */
export function createLog(config: Config['log'], events: Events, destination?: Destination): Log {
  const readable = config.format === 'pretty' || (config.format === 'auto' && process.stdout.isTTY === true);
  const output = destination ? undefined : standardOutput();
  const target = destination ?? output!;
  const stream = readable ? { write: (line: string) => target.write(prettyLine(line)) } : target;
  listen(createWrite(stream), events, config.level);
  return { flush: () => output?.end() };
}

/**
 * Writes one JSON object a line. The serialisers of logging libraries are made for bindings and hooks and take twice the time
 * of `JSON.stringify`, which for a decision is as long as all of the rest.
 */
function createWrite(stream: Destination): Write {
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
