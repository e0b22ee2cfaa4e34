/** The generation of a user or `sid`: the text of its record. Sessions remember it, and each sign-out writes another. */
import { randomBytes } from 'node:crypto';

export interface Generation {
  /** Where it stands among all sign-outs (sign_out_order.ts); `undefined`: written by an earlier version. */
  position: number | undefined;
  /** When its sign-out was, in milliseconds since the epoch; 0 where a login has made it. */
  signedOutAt: number;
}

/** A text that no other call returns. */
export function makeGeneration(position: number, signedOutAt: number): string {
  const numbers = [position, Math.max(0, Math.floor(signedOutAt))].map((number) => number.toString(36));
  return [...numbers, randomBytes(12).toString('base64url')].join('.');
}

export function parseGeneration(text: string): Generation {
  const [, position, at] = /^(?:([0-9a-z]{1,11})\.)?([0-9a-z]{1,11})\.[\w-]{16}$/.exec(text) ?? [];
  return {
    position: position === undefined ? undefined : Number.parseInt(position, 36),
    signedOutAt: at === undefined ? 0 : Number.parseInt(at, 36),
  };
}

/** When the last of some generations began, in milliseconds since the epoch; 0 where none did. */
export function latestSignOut(generations: readonly (string | undefined)[]): number {
  return Math.max(0, ...generations.map((generation) => parseGeneration(generation ?? '').signedOutAt));
}
