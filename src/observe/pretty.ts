/** Makes a JSON log line readable, for a person at a terminal. */
import { escapeUnreadable } from '../characters.ts';

type LogLine = Record<string, unknown> & { time: string; level: string; msg: string };

const COLOURS: Record<string, string> = { debug: '\x1b[2m', info: '', warn: '\x1b[33m', error: '\x1b[31m' };

/**
 * A line for a person: `12:00:01 info  allow 200 traefik GET app.example.com/path alice (login) 0.1 ms #x6nau0UM-1`
 * @param coloured only for a terminal: a file has no control sequence in it, not even one of Gatepost's own
 */
export function prettyLine(json: string, coloured: boolean): string {
  const line = JSON.parse(json) as LogLine;
  const words = line.msg === 'decision' || line.msg === 'signin' ? wordsOfResponse(line) : wordsOfEvent(line);
  // Attack: a user name or a path with a line break forges a line, and an escape sequence in it moves the cursor, hides
  // the lines above or makes the terminal type. C1 controls (U+009B) begin such sequences too.
  const text = escapeUnreadable(
    `${line.time.slice(11, 19)} ${line.level.padEnd(5)} ${words.filter(Boolean).join(' ')}`,
  );
  const colour = coloured ? COLOURS[line.level] : undefined;
  return `${colour ? `${colour}${text}\x1b[0m` : text}\n`;
}

function wordsOfResponse(line: LogLine): unknown[] {
  const user = line.user && `${line.user}${line.auth_method ? ` (${line.auth_method})` : ''}`;
  const where = line.endpoint
    ? `${line.endpoint} ${line.application ?? '?'}`
    : `${line.dialect} ${line.method ?? '?'} ${line.host ?? ''}${line.path ?? ''}`;
  const why = [line.reason, line.rule && `by ${line.rule}`, line.detail && `(${line.detail})`];
  // Pages show the id: an operator who is sent one looks for it here.
  return [
    line.decision ?? line.outcome,
    line.status,
    where,
    ...why,
    user,
    `${line.duration_ms} ms`,
    `#${line.request_id}`,
  ];
}

function wordsOfEvent(line: LogLine): unknown[] {
  return [line.event, line.msg, line.application && `[${line.application}]`, line.user, line.error];
}
