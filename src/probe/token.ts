/** The probe of `gatepost doctor`: what marks a request of its own, so that Gatepost says what arrived of it. */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { createSeal, type Seal } from '../crypto/seal.ts';
import { isObject } from '../json.ts';

/**
 * A probe has its token in both: proxies that hand a few headers of the client on have one of them on their list, and a
 * proxy that strips one of them is to be found by the other.
 */
const AGENT = 'gatepost-doctor ';
const COOKIE = 'gatepost_probe=';

/** The token of a request must be made and used within this time; reports are kept as long. */
export const PROBE_TTL_MS = 60_000;

/** A token that asks for 16 reports has 800 characters. */
const MAX_TOKEN_CHARS = 2048;
const MAX_IDS = 16;
/** The yes to a probe is at most as long as that of a user with many groups. */
const MAX_PADDING = 12_288;

/**
 * `question`: the auth request about it is reported. `pass`: the same, and for one address that no application has it is
 * let through without identity. `page`: it came to one of Gatepost's own pages, which answer with what arrived, and with
 * the reports of others.
 */
export type ProbePurpose = 'question' | 'pass' | 'page';

export interface ProbeToken {
  /** Random, 22 characters. */
  id: string;
  purpose: ProbePurpose;
  /** Milliseconds since the epoch. */
  at: number;
  /** `pass`: characters of the token in the yes. */
  padding: number;
  /** `page`: the probes whose reports are wanted. */
  ids: readonly string[];
}

/** Of a configuration's `secret`: whoever does not have that can make, change and read none of it. */
export function createProbeSeal(secret: readonly string[]): Seal {
  return createSeal(secret, 'probe');
}

/** A new token, and the headers of its request: `Cookie` begins with it. */
export function sealProbe(
  seal: Seal,
  fields: { purpose: ProbePurpose; padding?: number; ids?: readonly string[] },
  now: number,
): { id: string; agent: string; cookie: string } {
  const id = randomBytes(16).toString('base64url');
  const sealed = seal.seal(JSON.stringify({ padding: 0, ids: [], ...fields, id, at: now }), 'request');
  return { id, agent: AGENT + sealed, cookie: COOKIE + sealed };
}

/** Every request passes here: two beginnings are compared. */
function sealedIn({ 'user-agent': agent, cookie }: IncomingHttpHeaders): string | undefined {
  if (agent?.startsWith(AGENT)) return agent.slice(AGENT.length);
  if (!cookie?.startsWith(COOKIE)) return undefined;
  const end = cookie.indexOf(';');
  return cookie.slice(COOKIE.length, end < 0 ? undefined : end);
}

/** The value of a header without a token in it. */
export function withoutToken(value: string): string {
  return value.replace(/(gatepost-doctor |gatepost_probe=)[\w-]+/, '$1…');
}

/**
 * The token of a request; `undefined` where it has none, or one that this Gatepost's secret has not sealed, or an old one.
 * Attack: a token that a log or an application has kept is sent again by somebody else.
 */
export function openProbe(seal: Seal, headers: IncomingHttpHeaders, now: number): ProbeToken | undefined {
  const sealed = sealedIn(headers);
  if (sealed === undefined || sealed.length > MAX_TOKEN_CHARS) return undefined;
  const text = seal.open(sealed, 'request');
  if (text === undefined) return undefined;
  const { id, purpose, at, padding, ids } = fieldsOf(text);
  if (typeof id !== 'string' || typeof at !== 'number' || Math.abs(now - at) > PROBE_TTL_MS) return undefined;
  if (purpose !== 'question' && purpose !== 'pass' && purpose !== 'page') return undefined;
  const chars = typeof padding === 'number' ? Math.min(Math.max(0, padding), MAX_PADDING) : 0;
  const wanted = Array.isArray(ids) ? ids.filter((one) => typeof one === 'string').slice(0, MAX_IDS) : [];
  return { id, purpose, at, padding: chars, ids: wanted };
}

function fieldsOf(text: string): Record<string, unknown> {
  const fields: unknown = JSON.parse(text);
  return isObject(fields) ? fields : {};
}
