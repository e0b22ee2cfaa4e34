/** Introspection of a token that only the provider can read (RFC 7662). */
import { tokenIntrospection } from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isB64Token } from '../http/headers.ts';
import type { Claims } from './claims.ts';
import type { ClientResult } from './client.ts';
import type { ProviderContext } from './context.ts';
import { type Rejection, rejected } from './rejection.ts';
import type { TokenResult } from './token_checks.ts';

/** Of a response without `exp`. */
const DEFAULT_LIFETIME_SECONDS = 60;

/**
 * Sends a token to the introspection endpoint.
 * @returns hand the result to `processIntrospectionResponse`; a rejection without a request where the client cannot
 * send one
 * @throws ProviderUnavailable
 */
export async function introspectionRequest(
  { application, client, discovery }: ProviderContext,
  token: string,
): Promise<ClientResult<Claims>> {
  const { metadata } = await discovery.metadata();
  // Section 2.1 wants the caller authenticated; a client without a secret cannot be.
  const canSend = metadata.introspection_endpoint !== undefined && application.client_secret !== undefined;
  if (!canSend || !isB64Token(token)) return rejected('invalid_token', 'the token cannot be read');
  const hint = { token_type_hint: 'access_token' };
  return client.request((configuration) => tokenIntrospection(configuration, token, hint));
}

/** What a response is compared with. */
export interface IntrospectionExpectations {
  application: Pick<ApplicationConfig, 'client_id' | 'bearer_audiences'>;
  issuer: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** Whether a response is about an active access token of this client, and its claims. Pure. */
export function processIntrospectionResponse(
  result: ClientResult<Claims>,
  expected: IntrospectionExpectations,
): TokenResult {
  if (result.kind === 'rejected') return result;
  const { response } = result;
  if (response.active !== true) return rejected('inactive_token', 'the token is not active');
  const refusal = checkIsOurs(response, expected) ?? checkType(response);
  if (refusal) return refusal;
  const nowSeconds = expected.now / 1000;
  const exp = numericDate(response.exp ?? nowSeconds + DEFAULT_LIFETIME_SECONDS);
  if (exp === undefined) return rejected('invalid_response', 'exp is not a number');
  if (exp <= nowSeconds) return rejected('wrong_time', 'the token has expired');
  // RFC 9068 section 2.2: the subject of a client that acts for itself is the client.
  const sub = response.sub ?? response.client_id;
  if (typeof sub !== 'string' || sub === '') return rejected('invalid_token', 'the token names no user');
  // `username` is RFC 7662's name of it.
  const name = response.preferred_username ?? response.username;
  return {
    kind: 'verified',
    claims: { ...response, sub, exp, ...(name !== undefined && { preferred_username: name }) },
  };
}

/** RFC 7519 section 2, and the text of such a number, which some providers send. */
function numericDate(value: unknown): number | undefined {
  const date = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value;
  return typeof date === 'number' && Number.isFinite(date) ? date : undefined;
}

/**
 * Attack: the token of any other client is active too. It must have been issued for this client, or for a further
 * audience of its configuration.
 */
function checkIsOurs(response: Claims, { application, issuer }: IntrospectionExpectations): Rejection | undefined {
  const accepted: unknown[] = [application.client_id, ...application.bearer_audiences];
  const isOurs =
    response.client_id === application.client_id || [response.aud].flat().some((one) => accepted.includes(one));
  if (!isOurs) return rejected('wrong_audience', 'the token is for another client');
  if (response.iss === undefined || response.iss === issuer) return undefined;
  return rejected('wrong_issuer', 'the token is from another issuer');
}

/** A refresh token is active too; RFC 7662 names the type in `token_type`, Keycloak in `typ`. */
function checkType(response: Claims): Rejection | undefined {
  const type = response.token_type ?? response.typ ?? 'Bearer';
  if (String(type).toLowerCase() !== 'bearer') return rejected('wrong_type', 'the token is of another type');
  return 'cnf' in response ? rejected('wrong_type', 'the token is bound to a key') : undefined;
}
