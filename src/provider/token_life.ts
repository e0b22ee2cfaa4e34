/** How long tokens live, in milliseconds since the epoch. Pure. */
import type { TokenEndpointResponse } from 'openid-client';

/** Of tokens whose end the provider does not name, in milliseconds. */
export const DEFAULT_LIFETIME_MS = 300_000;

/** More than any provider means; a number beyond it would be no time any more. */
const MAX_LIFETIME_SECONDS = 10 * 365 * 86_400;

/** The end of an access token by `expires_in` (RFC 6749 section 5.1); `undefined` where the response has none. */
export function accessTokenEnd({ expires_in }: TokenEndpointResponse, now: number): number | undefined {
  return expires_in === undefined ? undefined : now + Math.min(expires_in, MAX_LIFETIME_SECONDS) * 1000;
}

/**
 * The later of the ID token's end and the access token's. `expires_in` says how long the latter lives; where it is
 * missing, a JWT has an `exp` of its own.
 * @param ends the `exp` of the two tokens where they are known, in seconds
 * @returns `undefined` where neither end is known
 */
export function laterEnd(
  tokens: TokenEndpointResponse,
  ends: { idToken?: number | undefined; access?: number | undefined },
  now: number,
): number | undefined {
  const toMs = (seconds: number | undefined) => (seconds === undefined ? undefined : seconds * 1000);
  const known = [toMs(ends.idToken), accessTokenEnd(tokens, now) ?? toMs(ends.access)].filter(
    (end) => end !== undefined,
  );
  return known.length === 0 ? undefined : Math.max(...known);
}
