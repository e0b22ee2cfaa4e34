/**
 * The cookies with the addresses that have no room in a `state`. Browsers send them to Gatepost's own endpoints alone,
 * and forget them after an hour.
 */
import type { Context } from 'koa';
import { PREFIX } from '../endpoints.ts';
import { readCookies } from '../http/cookies.ts';
import {
  type CookieApplication,
  cookieAttributes,
  cookieSuffix,
  LOGIN_COOKIE,
  loginSameSite,
} from '../sessions/session_cookie.ts';
import {
  type AddressSlot,
  CHUNKS_PER_SLOT,
  chooseSlot,
  joinChunks,
  MAX_TOTAL_CHARS,
  overBudget,
  readStamp,
  SLOTS,
  splitIntoChunks,
  stamp,
} from './address_slots.ts';
import { MAX_STATE_AGE_MS } from './login_state.ts';

/** Every sealed address that the browser sent: what is in a slot, or could be where cookies were planted. */
export function readAddresses(ctx: Context, application: CookieApplication): AddressSlot[] {
  return SLOTS.flatMap((slot) => {
    const chunks = CHUNKS_PER_SLOT[slot].map((chunk) =>
      readCookies(ctx.req.headers.cookie, cookieName(application, slot, chunk)),
    );
    const [first = []] = chunks;
    if (first.length === 0) return [];
    const chars = chunks.flat().reduce((sum, value) => sum + value.length, 0);
    return [{ slot, chars, startedAtSeconds: readStamp(first.at(-1) ?? ''), sealed: joinChunks(chunks) }];
  });
}

/**
 * Writes an address with this response. Older ones that have no room beside it go: their logins lead to the path alone.
 * @param login.replaced the slot of an attempt that this one takes the place of
 */
export function writeAddress(
  ctx: Context,
  application: CookieApplication,
  { sealed, now, replaced }: { sealed: string; now: number; replaced?: number | undefined },
): void {
  const value = stamp(now) + sealed;
  const others = readAddresses(ctx, application).filter(({ slot }) => slot !== replaced);
  const slot = chooseSlot(value.length, others, now);
  const chunks = splitIntoChunks(value);
  const attributes = `; Max-Age=${MAX_STATE_AGE_MS / 1000}${attributesOf(application)}`;
  const lines = chunks.map((chunk, at) => `${cookieName(application, slot, at)}=${chunk}${attributes}`);
  const dropped = overBudget(
    others.filter((other) => other.slot !== slot),
    MAX_TOTAL_CHARS - value.length,
    now,
  );
  if (replaced !== undefined && replaced !== slot) dropped.push(replaced);
  // A shorter address leaves nothing of a longer one behind it.
  const stale = namesOf(application, slot).slice(chunks.length);
  const cleared = [...stale, ...dropped.flatMap((other) => namesOf(application, other))];
  ctx.append('Set-Cookie', [...lines, ...clear(application, cleared)]);
}

/** The browser forgets an address that is not needed any more. */
export function clearAddress(ctx: Context, application: CookieApplication, slot: number): void {
  ctx.append('Set-Cookie', clear(application, namesOf(application, slot)));
}

function clear(application: CookieApplication, names: readonly string[]): string[] {
  const attributes = attributesOf(application);
  return names.map((name) => `${name}=; Max-Age=0${attributes}`);
}

const attributesOf = (application: CookieApplication) =>
  cookieAttributes(application, { path: PREFIX, sameSite: loginSameSite(application) });

function namesOf(application: CookieApplication, slot: number): string[] {
  return (CHUNKS_PER_SLOT[slot] ?? []).map((chunk) => cookieName(application, slot, chunk));
}

/** No prefix: browsers take `__Host-` for the path `/` alone, and what is in the cookie is sealed. */
function cookieName({ client_id }: CookieApplication, slot: number, chunk: number): string {
  return `${LOGIN_COOKIE}${cookieSuffix(client_id)}_${slot}${chunk}`;
}
