/**
 * The plain kinds of values. Every scalar comes as text, wherever it was written: the key alone decides whether it is a
 * number, so `client_id: 0123` stays `0123` and `workers: ${WORKERS}` is one.
 */
import * as z from 'zod';
import { show } from '../problems.ts';

/**
 * For `safeParse`: a parser that zod generates as code takes longer to compile than one configuration takes to read.
 */
export const JITLESS = { jitless: true } as const;

/** What the reference page says of a key. */
export interface KeyNotes {
  description?: string;
  /** What may be written, as errors say it too. */
  allowed?: string;
  /** The default where it is no constant. */
  default?: string;
  example?: string;
  /** `<key>_file` reads it from a file. */
  file?: boolean;
  /** What may be written, in JSON Schema's words: any of these. Without it, any text. */
  json?: readonly JsonValues[];
}

export type JsonValues =
  | { enum: readonly (string | boolean)[] }
  | { type: 'string'; pattern: string }
  | { type: 'integer'; minimum: number; maximum: number };

/** The message for a missing, empty or wrongly shaped value; `allowed` completes "must be …". */
export function shapeError(allowed: string) {
  return ({ input }: { input?: unknown }): string => {
    if (input === undefined) return `is required (${allowed})`;
    return input === null ? `is empty: must be ${allowed}` : `must be ${allowed}`;
  };
}

/**
 * A scalar with a meaning. `read` turns the text into the value, or throws an `Error` whose message says what is wrong;
 * the text is shown after it, unless it is `secret`.
 */
export function scalar<T>(allowed: string, read: (text: string) => T, { secret = false } = {}) {
  const notes: KeyNotes = { allowed };
  const error = shapeError(allowed);
  return z
    .string({ error })
    .transform((input, context): T => {
      try {
        if (input === '') throw new Error(`is empty: must be ${allowed}`);
        return read(input);
      } catch (cause) {
        const message = (cause as Error).message;
        context.addIssue({
          code: 'custom',
          message: secret || input === '' ? message : `${message}; got ${show(input)}`,
        });
        return z.NEVER;
      }
    })
    .meta({ ...notes });
}

/** A line of text without control characters. */
export function text(allowed = 'text', options?: { secret?: boolean }) {
  return scalar(
    allowed,
    (input) => {
      if (/[\0-\x1f\x7f]/.test(input))
        throw new Error(`must be ${allowed}, on one line and without control characters`);
      return input;
    },
    options,
  );
}

/** Text of a fixed form. */
export function matching(allowed: string, matches: (text: string) => boolean) {
  return scalar(allowed, (input) => {
    if (!matches(input)) throw new Error(`must be ${allowed}`);
    return input;
  });
}

/** `true` or `false`. */
export function flag() {
  return scalar('`true` or `false`', (input) => {
    if (!/^(?:true|True|TRUE|false|False|FALSE)$/.test(input)) throw new Error('must be true or false');
    return input.toLowerCase() === 'true';
  }).meta({ json: [{ enum: [true, false] }] } satisfies KeyNotes);
}

/** One of a few words. */
export function oneOf<const Words extends readonly string[]>(...words: Words) {
  const allowed = `one of ${words.map((word) => `\`${word}\``).join(', ')}`;
  return scalar(allowed, (input): Words[number] => {
    if (!words.includes(input)) throw new Error(`must be one of ${words.join(', ')}`);
    return input;
  }).meta({ json: [{ enum: words }] } satisfies KeyNotes);
}

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const ALLOWED_DURATION = 'a duration such as `90s`, `30m`, `24h` or `7d`';
const DURATION_JSON = { type: 'string', pattern: '^(?:\\d+[smhd])+$' } as const;

/** `90s`, `30m`, `24h`, `7d`, or several of them (`1h30m`); at most ten years. In UNIT_MS. */
export function duration() {
  return scalar(ALLOWED_DURATION, readDuration).meta({ json: [DURATION_JSON] } satisfies KeyNotes);
}

/** As `duration`, or `0`. */
export function durationOrOff() {
  return scalar(`${ALLOWED_DURATION}; or \`0\``, (input) => (input === '0' ? 0 : readDuration(input))).meta({
    json: [DURATION_JSON, { type: 'integer', minimum: 0, maximum: 0 }],
  } satisfies KeyNotes);
}

function readDuration(input: string): number {
  const parts = input.match(/\d+[smhd]/g) ?? [];
  const total = parts.reduce((sum, part) => {
    return sum + Number.parseInt(part, 10) * UNIT_MS[part.slice(-1) as keyof typeof UNIT_MS];
  }, 0);
  if (parts.join('') !== input || total === 0) throw new Error(`must be ${ALLOWED_DURATION.replaceAll('`', '')}`);
  if (total > 3650 * UNIT_MS.d) throw new Error('must be at most 3650d');
  return total;
}

/** `session_max_age` where it is not set: a day. */
export const DEFAULT_SESSION_MAX_AGE_MS = 86_400_000;

/** A list of values. */
export function list<Item extends z.ZodType>(item: Item, allowed: string, { empty = false } = {}) {
  const notes: KeyNotes = { allowed };
  const items = z.array(item, { error: shapeError(allowed) });
  const checked = empty ? items : items.min(1, { error: `must not be empty: leave it out, or write ${allowed}` });
  return checked.meta({ ...notes });
}

/** A list that may also be written as one text, which `split` takes apart. */
export function listOrText<Item extends z.ZodType>(
  item: Item,
  allowed: string,
  split: (text: string) => string[],
  { empty = true } = {},
) {
  const notes: KeyNotes = { allowed };
  return z
    .preprocess((input) => (typeof input === 'string' ? split(input) : input), list(item, allowed, { empty }))
    .meta({ ...notes });
}
