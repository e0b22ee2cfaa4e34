/**
 * The log: one JSON line per decision, readable lines on a terminal. It listens to the events; no module writes to it.
 */
import { type Logger, pino } from 'pino';
import { escapeControls } from '../characters.ts';
import type { Config } from '../config/schema/config.ts';
import { GatepostError, loggedMessage } from '../errors.ts';
import { REASONS, type ReasonInfo } from '../reasons.ts';
import { createDecisionLine, roundMs } from './decision_line.ts';
import type { DecisionEvent, Events, LogEvent, SigninEvent } from './events.ts';
import type { Output } from './output.ts';
import { prettyLine } from './pretty.ts';
import { openStandardOutput } from './standard_output.ts';

export interface Log {
  /** Writes what is still in memory. */
  flush(): void;
  /** Lines that were lost since the start because no reader took them. */
  droppedLines(): number;
  /** Writes lines of this level and above from now on. */
  setLevel(level: Config['log']['level']): void;
}

/** Where lines go. */
type Destination = Pick<Output, 'write'> & Partial<Pick<Output, 'flush' | 'end' | 'droppedLines'>>;

/**
 * Listens to `events`. `auto` writes readable lines on a terminal and JSON elsewhere.
 * @param open opens the output; its argument is called after lines were lost, with their number
 */
export function createLog(
  config: Config['log'],
  events: Events,
  open: (onRecovered: (droppedLines: number) => void) => Destination = openStandardOutput,
): Log {
  const onTerminal = process.stdout.isTTY === true;
  const readable = config.format === 'pretty' || (config.format === 'auto' && onTerminal);
  const output = open((lines) => events.emit('log', linesDropped(lines)));
  const write = (line: string) => output.write(readable ? prettyLine(line, onTerminal) : line);
  const stream = { write: (line: string) => write(safeLine(line)) };
  const formatters = { level: (level: string) => ({ level }) };
  const serializers = { duration_ms: roundMs };
  const timestamp = createTimestamp();
  const logger = pino({ level: config.level, base: null, timestamp, formatters, serializers }, stream);
  const flush = () => output.flush?.();
  const decisionLine = createDecisionLine();
  const writeDecision = (event: DecisionEvent) => write(decisionLine(levelOf(event), timestamp(), event));
  const writers = { logger, writeDecision, flush };
  let stop = listen(writers, events);
  return {
    flush: () => output.end?.(),
    droppedLines: () => output.droppedLines ?? 0,
    setLevel(level) {
      if (level === logger.level) return;
      stop();
      logger.level = level;
      stop = listen(writers, events);
    },
  };
}

/** JSON escapes the controls below the space; the others, and two line separators, stand in it raw. */
const RAW = /[\x7f-\x9f\u2028\u2029]/;

/**
 * Attack: to a terminal U+009B begins a control sequence, and some readers of logs end a line at U+0085 or U+2028: what
 * others wrote would be a line of its own, or hide one.
 */
function safeLine(line: string): string {
  return RAW.test(line) ? `${escapeControls(line.trimEnd())}\n` : line;
}

function linesDropped(lines: number): LogEvent {
  const message = `${lines} log lines were lost: they were not read or could not be written in time`;
  return { level: 'warn', event: 'log.lines_dropped', message };
}

/** The `time` of a line as pino wants it (ISO 8601, UTC), put into words once a millisecond: many lines share one. */
function createTimestamp(): () => string {
  let at = 0;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== at) text = `,"time":"${new Date(now).toISOString()}"`;
    at = now;
    return text;
  };
}

interface Writers {
  logger: Logger;
  writeDecision: (event: DecisionEvent) => void;
  flush: () => void;
}

/** @returns stops listening */
function listen({ logger, writeDecision, flush }: Writers, events: Events): () => void {
  const all = logger.isLevelEnabled('info');
  const onDecision = (event: DecisionEvent) => {
    if (all || levelOf(event) === 'warn') writeDecision(event);
  };
  const onSignin = (event: SigninEvent) => {
    if (levelOf(event) === 'warn') logger.warn(event, 'signin');
    else if (all) logger.info(event, 'signin');
  };
  const onLog = ({ level, message, error, ...rest }: LogEvent) => {
    logger[level](error === undefined ? rest : { ...rest, error: describeError(error) }, message);
    // What went wrong is with the reader at once, also if the process is killed next, and so is the answer to SIGHUP;
    // other lines are gathered.
    if (level === 'warn' || level === 'error' || rest.event.startsWith('config.')) flush();
  };
  if (logger.isLevelEnabled('warn')) events.on('decision', onDecision).on('signin', onSignin);
  events.on('log', onLog);
  return () => void events.off('decision', onDecision).off('signin', onSignin).off('log', onLog);
}

/**
 * As the table of reasons says. A response that lets the client go on is routine, also with a reason (an optional path
 * in an outage).
 */
function levelOf({ status, reason }: DecisionEvent | SigninEvent): ReasonInfo['level'] {
  if (reason === undefined) return status >= 500 ? 'warn' : 'info';
  return status < 400 ? 'info' : REASONS[reason].level;
}

/**
 * Names, codes and messages of an error and of its causes; never its fields: they may hold a request with its secrets.
 * Attack: openid-client names a token that it could not read as the cause, the text itself. A cause that is no Error is
 * not shown.
 */
export function describeError(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) {
    return typeof error === 'string' && depth === 0 ? error : 'a thrown value that is no Error';
  }
  const code = error instanceof GatepostError ? error.code : (error as { code?: unknown }).code;
  const own = `${error.name}${typeof code === 'string' ? ` (${code})` : ''}: ${loggedMessage(error)}`;
  return error.cause === undefined || depth > 4 ? own : `${own}; caused by ${describeError(error.cause, depth + 1)}`;
}
