/** Token responses as providers write them, in the spelling that openid-client reads (RFC 6749 section 5.1). */
import type { TokenEndpointResponse } from 'openid-client';
import { readLimited } from '../http/read_limited.ts';
import { isNonEmptyString, isObject } from '../json.ts';

/** Of a response: 1 MiB. */
const MAX_RESPONSE_BYTES = 1_048_576;

/** A member of ours beside `token_type`: what the provider called the access token, where it is no bearer token. */
const OTHER_TYPE = 'gatepost:token_type';

/**
 * In the place of an access token that is not there: Azure AD B2C sends none for `openid` alone, and openid-client throws
 * the whole response away.
 */
const NO_ACCESS_TOKEN = 'gatepost:none';

/**
 * The name under which an ID token travels past openid-client. That knows one issuer and no further audience, does not
 * verify the signature, and throws the whole response away where it refuses the token, with a refresh token that is the
 * only one that counts from now on. Gatepost verifies each ID token itself, and whole (`id_token.ts`).
 */
const ID_TOKEN_ASIDE = 'gatepost:id_token';

/**
 * A login needs the ID token, not the access token: whatever the provider calls that one (`access_token`, `N_A`) is no
 * reason to refuse the person. `null` stands for a member that is not there, and what nothing needs (`scope` in a list,
 * an `expires_in` that is no number) is left out.
 * @throws Error where the response is too long
 */
export async function readableTokenResponse(response: Response): Promise<Response> {
  if (response.body === null) return response;
  const text = await readLimited(response.body, MAX_RESPONSE_BYTES);
  if (text === undefined) throw new Error('the response of the token endpoint is longer than 1 MiB');
  const { status } = response;
  const headers = new Headers(response.headers);
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) headers.delete(name);
  const json = parse(text);
  if (!isObject(json)) return new Response(text, { status, headers });
  // What is JSON counts as it, whatever its type is called.
  headers.set('content-type', 'application/json');
  return new Response(JSON.stringify(status === 200 ? normalise(json) : json), { status, headers });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function normalise(json: Record<string, unknown>): Record<string, unknown> {
  const { token_type: given, ...response } = json;
  // Attack: the provider itself writes a member of ours.
  delete response[OTHER_TYPE];
  delete response[ID_TOKEN_ASIDE];
  for (const name of ['access_token', 'refresh_token', 'id_token', 'scope', 'expires_in']) {
    if (response[name] === null || response[name] === '') delete response[name];
  }
  if (typeof response.scope !== 'string') delete response.scope;
  // Some providers write 0 for "not known".
  if (!(Number.parseFloat(String(response.expires_in)) > 0)) delete response.expires_in;
  const { id_token, ...others } = response;
  // A provider that names no type means the only one that there was for years.
  const type = isNonEmptyString(given) ? given.trim() : 'Bearer';
  const isBearer = type.toLowerCase() === 'bearer';
  if (others.access_token === undefined && (id_token !== undefined || others.refresh_token !== undefined)) {
    Object.assign(others, { access_token: NO_ACCESS_TOKEN, [OTHER_TYPE]: 'none' });
  }
  return {
    ...others,
    token_type: 'bearer',
    ...(!isBearer && { [OTHER_TYPE]: type.slice(0, 40) }),
    ...(id_token !== undefined && { [ID_TOKEN_ASIDE]: id_token }),
  };
}

/** Takes back, in place, what `readableTokenResponse` has changed for openid-client alone: an access token may be ''. */
export function restoreTokens<T>(response: T): T {
  if (!isObject(response)) return response;
  if (response.access_token === NO_ACCESS_TOKEN) Reflect.set(response, 'access_token', '');
  if (response[ID_TOKEN_ASIDE] === undefined) return response;
  Reflect.set(response, 'id_token', response[ID_TOKEN_ASIDE]);
  Reflect.deleteProperty(response, ID_TOKEN_ASIDE);
  return response;
}

/**
 * What the provider calls an access token that is no bearer token.
 * Attack: such a token may be bound to a key, or be none for userinfo at all: it is not sent there.
 * @returns `undefined` for a bearer token
 */
export function otherTokenType(tokens: TokenEndpointResponse): string | undefined {
  const type = tokens[OTHER_TYPE];
  return typeof type === 'string' ? type : undefined;
}
