/** Turns a JSON log line into a readable one, for a person at a terminal. */

type Line = Record<string, unknown> & { time: string; level: string; msg: string };

const colours: Record<string, string> = { debug: '\x1b[2m', info: '', warn: '\x1b[33m', error: '\x1b[31m' };

/** Controls, and what changes the order in which a line is read. */
const invisible = /[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

/** `12:00:01 info  allow 200 traefik GET app.example.com/path alice (login) 0.1 ms #x6nau0UM-1` */
export function prettyLine(json: string): string {
  const line = JSON.parse(json) as Line;
  const words = line.msg === 'decision' || line.msg === 'signin' ? answered(line) : noticed(line);
  const text = visible(`${line.time.slice(11, 19)} ${line.level.padEnd(5)} ${words.filter(Boolean).join(' ')}`);
  const colour = colours[line.level];
  return `${colour ? `${colour}${text}\x1b[0m` : text}\n`;
}

/**
 * Attack: a user name or a path with a line break forges a line, and with an escape sequence it moves the cursor, hides what
 * stands above or asks the terminal to type. C1 controls (U+009B) are such sequences too.
 */
function visible(text: string): string {
  return text.replace(invisible, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function answered(line: Line): unknown[] {
  const user = line.user && `${line.user}${line.auth_method ? ` (${line.auth_method})` : ''}`;
  const where = line.endpoint
    ? `${line.endpoint} ${line.application ?? '?'}`
    : `${line.dialect} ${line.method ?? '?'} ${line.host ?? ''}${line.path ?? ''}`;
  const why = [line.reason, line.rule && `by ${line.rule}`, line.detail && `(${line.detail})`];
  // The id is what a page of ours shows: whoever is sent one looks for it here.
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

function noticed(line: Line): unknown[] {
  return [line.event, line.msg, line.application && `[${line.application}]`, line.user, line.error];
}
