/** Which tokens of the provider are meant for us: an ID token, an access token, a logout token, and never one for another. */
import type { JWTHeaderParameters, JWTPayload } from 'jose';
import { CredentialsRefused } from '../errors.ts';
import type { ProviderContext } from './context.ts';
import { verifyJwt } from './jwt.ts';

/** Claims of a token that passed every check; `sub` and `exp` are there. */
export type TokenClaims = JWTPayload & { sub: string; exp: number };

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

const audiences = ({ aud }: JWTPayload) => (Array.isArray(aud) ? aud : [aud]);

function isFor(claims: JWTPayload, accepted: string[]): boolean {
  return audiences(claims).some((one) => one !== undefined && accepted.includes(one));
}

function mediaType(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase().replace(/^application\//, '') : '';
}

/**
 * The attack: logout tokens, refresh tokens, signed requests and answers are JWTs of the same issuer and audience, and
 * some of them travel in readable places. Accepted is what says that it is an access or ID token, or says nothing.
 */
function assertAccessOrIdToken(claims: JWTPayload, header: JWTHeaderParameters): asserts claims is TokenClaims {
  const type = mediaType(header.typ);
  const inner = mediaType(claims.typ);
  if (!['', 'jwt', 'at+jwt'].includes(type)) throw new CredentialsRefused('the token is of another kind');
  // Keycloak writes the kind among the claims.
  if (['refresh', 'offline', 'logout'].includes(inner)) throw new CredentialsRefused('the token is of another kind');
  if ('events' in claims || 'token_introspection' in claims) {
    throw new CredentialsRefused('the token is of another kind');
  }
  // RFC 9449 and RFC 8705: a token that is bound to a key is worth nothing without a proof of that key.
  if ('cnf' in claims) throw new CredentialsRefused('the token is bound to a key');
  if (typeof claims.sub !== 'string' || claims.sub === '') throw new CredentialsRefused('the token names nobody');
}

/** Whether it says itself that it is an access token. An ID token for another client may name us in `azp`: that is no access. */
function isAccessToken(claims: JWTPayload, header: JWTHeaderParameters): boolean {
  return mediaType(header.typ) === 'at+jwt' || claims.typ === 'Bearer' || 'scope' in claims || 'scp' in claims;
}

/** An ID token that the token endpoint gave us: `aud` is this client. The nonce was judged by whoever knows it. */
export async function verifyIdToken(context: ProviderContext, token: string): Promise<TokenClaims> {
  const audience = context.application.client_id;
  const { payload, protectedHeader } = await verifyJwt(context, token, { audience, given: true });
  assertAccessOrIdToken(payload, protectedHeader);
  return payload;
}

/**
 * A bearer JWT: for this client (or a further audience of its configuration), or an access token issued to this client.
 * `given`: it came from the token endpoint.
 */
export async function verifyBearer(context: ProviderContext, token: string, given = false): Promise<TokenClaims> {
  const { client_id, bearer_audiences } = context.application;
  const { payload, protectedHeader } = await verifyJwt(context, token, { fromClient: true, given });
  assertAccessOrIdToken(payload, protectedHeader);
  const issuedToUs = payload.client_id === client_id || payload.azp === client_id;
  if (isFor(payload, [client_id, ...bearer_audiences])) return payload;
  if (issuedToUs && isAccessToken(payload, protectedHeader)) return payload;
  throw new CredentialsRefused('the token is for another client');
}

/** OpenID Connect Back-Channel Logout 1.0 section 2.6, steps 2 to 4: signature, `iss`, `aud`, `iat`, `exp`, and `typ` if it is there. */
export async function verifyLogoutToken(context: ProviderContext, token: string): Promise<JWTPayload> {
  const { payload, protectedHeader } = await verifyJwt(context, token, {
    audience: context.application.client_id,
    requiredClaims: ['iat'],
  });
  if (!['', 'jwt', 'logout+jwt'].includes(mediaType(protectedHeader.typ))) {
    throw new CredentialsRefused('the token is of another kind');
  }
  if (payload.iat! * 1000 > context.now() + 60_000) throw new CredentialsRefused('the token is from the future');
  return payload;
}

/** Whether claims say that they are a logout: section 2.4, `events` has the member, an object. */
export function isLogout(claims: Record<string, unknown>): boolean {
  const events = claims.events;
  if (typeof events !== 'object' || events === null || !Object.hasOwn(events, LOGOUT_EVENT)) return false;
  const event = (events as Record<string, unknown>)[LOGOUT_EVENT];
  return typeof event === 'object' && event !== null && !Array.isArray(event);
}
