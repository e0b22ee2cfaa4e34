/** A configuration as it was written: every scalar is text, because its key alone says what it means. */
import { isObject } from '../../json.ts';

export type Raw = string | null | Raw[] | RawMapping;
export interface RawMapping {
  [key: string]: Raw;
}

/** The ways to write nothing (YAML 1.2, core schema). */
export function isNull(plainScalar: string): boolean {
  return /^(?:~|null|Null|NULL)?$/.test(plainScalar);
}

export function isMapping(value: Raw | undefined): value is RawMapping {
  return isObject(value);
}
