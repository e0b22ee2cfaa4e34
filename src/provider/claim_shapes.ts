/** The shapes in which providers send claims, read as texts. Pure. */
import { isNonEmptyString, isObject } from '../json.ts';

/** What a value says. `value` is `undefined` where it says nothing: it is null, empty or of another shape. */
export interface Reading<T> {
  value: T | undefined;
  /** Whether all of it was understood. */
  isUnderstood: boolean;
}

const nothing = { value: undefined, isUnderstood: true } as const;
const notUnderstood = { value: undefined, isUnderstood: false } as const;
const understood = <T>(value: T): Reading<T> => ({ value, isUnderstood: true });

/**
 * Attack: JavaScript rounds whole numbers above 2^53, and two accounts with such ids would be one.
 */
function scalarText(value: unknown): string | undefined {
  if (typeof value === 'number') {
    return Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : undefined;
  }
  return isNonEmptyString(value) ? value : undefined;
}

/** A text, a number, or an object that has one as its `name`. */
const nameOf = (value: unknown) => scalarText(isObject(value) && Object.hasOwn(value, 'name') ? value.name : value);

const isNothing = (value: unknown) => value === undefined || value === null || value === '';

/** What a JSON text stands for; any other value stands for itself. */
export function parsed(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*["[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/**
 * Names of groups: a text, number or boolean, a list of these or of objects with `name`, an object (its keys), or a JSON
 * text of one of them. A text with commas or spaces is one name: names may have both.
 */
export function readNames(given: unknown): Reading<string[]> {
  const value = parsed(given);
  if (isNothing(value)) return nothing;
  if (isObject(value) && nameOf(value) === undefined) return understood(keysOf(value));
  const members = [value].flat().filter((member) => !isNothing(member));
  const names = members
    .map((member) => (typeof member === 'boolean' ? String(member) : nameOf(member)))
    .filter((name) => name !== undefined);
  if (names.length === 0 && members.length > 0) return notUnderstood;
  return { value: names, isUnderstood: names.length === members.length };
}

/** Attack: `{ admins: false }` says who is no member. */
const keysOf = (value: Record<string, unknown>) =>
  Object.keys(value).filter((key) => key !== '' && value[key] !== false && value[key] !== null);

/**
 * The one text that names a person: a text or number, or the first of a list of these or of objects with `name`.
 * Attack: a user who is called `["root"]` must not be root: a text is taken as it stands. The keys of an object, and a
 * boolean, are the same for all users: they name nobody.
 */
export function readText(value: unknown): Reading<string> {
  if (isNothing(value)) return nothing;
  const members = [value].flat().filter((member) => !isNothing(member));
  if (members.length === 0) return nothing;
  const names = members.map(nameOf);
  return { value: names.find((name) => name !== undefined), isUnderstood: !names.includes(undefined) };
}

/** As `readText`, or a JSON text of it: no address begins with a bracket. */
export function readAddress(value: unknown): Reading<string> {
  const list = typeof value === 'string' && /^\s*\[/.test(value) ? parsed(value) : value;
  return readText(list);
}

/**
 * What a header carries: one text, or a list as `readNames` has it. A text is taken as it stands, for the same reason as in
 * `readText`: it may be the name of a person.
 */
export function readTextOrList(value: unknown): Reading<string | string[]> {
  if (Array.isArray(value)) return readNames(value);
  const text = typeof value === 'boolean' ? String(value) : nameOf(value);
  return text === undefined ? readNames(value) : understood(text);
}

/** As `readText`, or a boolean: it is only shown. */
export function readShownText(value: unknown): Reading<string> {
  return typeof value === 'boolean' ? understood(String(value)) : readText(value);
}

/** An object, or a JSON text of one. */
export function readObject(given: unknown): Reading<Record<string, unknown>> {
  const value = parsed(given);
  if (isNothing(value)) return nothing;
  return isObject(value) ? understood(value) : notUnderstood;
}
