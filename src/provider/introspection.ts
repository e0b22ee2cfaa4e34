/** Introspection of a token that only the provider can read (RFC 7662). */
import { tokenIntrospection } from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isB64Token } from '../http/headers.ts';
import { isNonEmptyString } from '../json.ts';
import type { Claims } from './claims.ts';
import type { ClientResult } from './client.ts';
import { authenticates } from './client_auth.ts';
import type { ProviderContext } from './context.ts';
import { describeMember } from './describe_failure.ts';
import { acceptsIssuer, type IssuerKeys } from './issuers.ts';
import { describeWrongIssuer } from './named_issuer.ts';
import { type Rejection, rejected } from './rejection.ts';
import { CLOCK_SKEW_SECONDS } from './time_limits.ts';
import { kindOf } from './token_kind.ts';

/** Of a response without `exp`. */
const DEFAULT_LIFETIME_SECONDS = 60;

const NO_ENDPOINT =
  'the discovery document of the provider names no introspection_endpoint: set introspection_endpoint, or send JWTs with bearer: jwt';
const NO_SECRET =
  'the introspection endpoint wants a client that authenticates, and this one has neither client_secret nor client_key';

/** The applications of which the log says already that introspection is impossible. */
const reported = new WeakSet<ProviderContext>();

/** Every opaque token is refused, whatever it is: said once, as the operator would look for the fault in the token. */
function reportImpossible(context: ProviderContext, why: string): Rejection {
  if (!reported.has(context)) {
    reported.add(context);
    const { slug, bearer } = context.application;
    // With `jwt` an opaque token may be the application's own business.
    const level = bearer === 'introspect' ? 'warn' : 'info';
    const message = `bearer tokens that are not read locally are refused: ${why}`;
    context.events.emit('log', { level, event: 'provider.no_introspection', message, application: slug });
  }
  return rejected('invalid_token', `the token cannot be read: ${why}`);
}

/**
 * Sends a token to the introspection endpoint.
 * @returns hand the result to `processIntrospectionResponse`; a rejection without a request where the client cannot
 * send one
 * @throws ProviderUnavailable
 */
export async function introspectionRequest(context: ProviderContext, token: string): Promise<ClientResult<Claims>> {
  const { application, client, discovery } = context;
  const { metadata } = await discovery.metadata();
  const endpoint = application.introspection_endpoint ?? metadata.introspection_endpoint;
  if (endpoint === undefined) return reportImpossible(context, NO_ENDPOINT);
  // Section 2.1 wants the caller authenticated; a client without a secret or key cannot be.
  if (!authenticates(application)) return reportImpossible(context, NO_SECRET);
  if (!isB64Token(token)) return rejected('invalid_token', 'the token cannot be read');
  const hint = { token_type_hint: 'access_token' };
  return client.request((configuration) => tokenIntrospection(configuration, token, hint), {
    endpoint: 'introspection_endpoint',
  });
}

/**
 * Whether the provider says that a token lives, or does not.
 * @returns `undefined` where it says neither, or does not take the question
 * @throws ProviderUnavailable
 */
export async function isActive(context: ProviderContext, token: string): Promise<boolean | undefined> {
  const result = await introspectionRequest(context, token);
  if (result.kind === 'rejected') return undefined;
  const { active } = result.response;
  return typeof active === 'boolean' ? active : undefined;
}

/** What a response is compared with. */
export interface IntrospectionExpectations {
  application: Pick<ApplicationConfig, 'client_id' | 'bearer_audiences'> & IssuerKeys;
  /** Of the discovery document. */
  issuer: string;
  /** Milliseconds since the epoch. */
  now: number;
}

export type IntrospectionResult =
  | {
      kind: 'verified';
      claims: Claims & { sub?: string | undefined; exp: number };
      /** Whether the response says that the token is an access or ID token. */
      namesKind: boolean;
      /** Whether the response says when the token expires. */
      namesEnd: boolean;
    }
  | Rejection;

/** Whether a response is about an active access token of this client, and its claims. Pure. */
export function processIntrospectionResponse(
  result: ClientResult<Claims>,
  expected: IntrospectionExpectations,
): IntrospectionResult {
  if (result.kind === 'rejected') return result;
  // `null` stands for a member that is not there.
  const response: Claims = Object.fromEntries(Object.entries(result.response).filter(([, value]) => value !== null));
  if (response.active !== true) return rejected('inactive_token', 'the token is not active');
  const nowSeconds = expected.now / 1000;
  const refusal = checkIsOurs(response, expected) ?? checkKind(response) ?? checkNotYetValid(response, nowSeconds);
  if (refusal) return refusal;
  const exp = numericDate(response.exp ?? nowSeconds + DEFAULT_LIFETIME_SECONDS);
  if (exp === undefined) return rejected('invalid_response', 'exp is not a number');
  if (exp <= nowSeconds) return rejected('wrong_time', 'the token has expired');
  const { sub } = response;
  if (sub !== undefined && !isNonEmptyString(sub)) return rejected('invalid_token', 'the token names no user (sub)');
  // `username` is RFC 7662's name of it.
  const name = isNonEmptyString(response.preferred_username) ? response.preferred_username : response.username;
  // Attack: a token from before a sign-out, whose `iat` is the text of a number, would count as one without `iat`.
  const iat = numericDate(response.iat);
  const claims = {
    ...response,
    sub,
    exp,
    ...(iat !== undefined && { iat }),
    ...(name !== undefined && { preferred_username: name }),
  };
  return {
    kind: 'verified',
    claims,
    namesKind: kindOf(response) === 'access_or_id',
    namesEnd: response.exp !== undefined,
  };
}

/** RFC 7519 section 2, and the text of such a number, which some providers send. */
function numericDate(value: unknown): number | undefined {
  const date = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value;
  return typeof date === 'number' && Number.isFinite(date) ? date : undefined;
}

/** Attack: a provider that calls a token active before its time, or that somebody else wrote. */
function checkNotYetValid(response: Claims, nowSeconds: number): Rejection | undefined {
  for (const name of ['nbf', 'iat']) {
    if (response[name] === undefined) continue;
    const date = numericDate(response[name]);
    if (date === undefined) return rejected('invalid_response', `${name} is not a number`);
    if (date > nowSeconds + CLOCK_SKEW_SECONDS) return rejected('wrong_time', `the token is not valid yet (${name})`);
  }
  return undefined;
}

/**
 * Attack: the token of any other client is active too. It must have been issued for this client, or for a further
 * audience of its configuration. Some providers put the client that asks into `client_id`, so that it counts only where
 * there is no `aud`, and no `azp` that names another client.
 */
function checkIsOurs(response: Claims, { application, issuer }: IntrospectionExpectations): Rejection | undefined {
  const { client_id } = application;
  const audiences = [response.aud].flat().filter((one) => one !== undefined && one !== '');
  const accepted: unknown[] = [client_id, ...application.bearer_audiences];
  const isOurs =
    audiences.length > 0
      ? audiences.some((one) => accepted.includes(one))
      : response.client_id === client_id && (response.azp ?? client_id) === client_id;
  if (!isOurs) {
    const facts = `${describeMember('aud', response.aud, client_id)}; ${describeMember('client_id', response.client_id)}`;
    return rejected('wrong_audience', 'the token is for another client (aud, client_id)', new Error(facts));
  }
  if (response.iss === undefined || acceptsIssuer(application, issuer, response)) return undefined;
  const why = describeWrongIssuer(application, response.iss);
  return rejected('wrong_issuer', 'the token is from another issuer', why === undefined ? undefined : new Error(why));
}

function checkKind(response: Claims): Rejection | undefined {
  if (kindOf(response) === 'other') return rejected('wrong_type', 'the token is of another type');
  return 'cnf' in response ? rejected('wrong_type', 'the token is bound to a key') : undefined;
}
