/** Whether a response of userinfo counts (OpenID Connect Core sections 5.3.2 to 5.3.4), and its claims. */
import { ProviderUnavailable } from '../errors.ts';
import { isNonEmptyString, isObject, member } from '../json.ts';
import type { Claims } from './claims.ts';
import type { ProviderContext } from './context.ts';
import { isSignedJwt, verifySignedJwt } from './jwt.ts';
import { isOutageStatus } from './map_errors.ts';
import { OAuthError } from './oauth_error.ts';
import { type Rejection, rejected } from './rejection.ts';
import { mediaType } from './token_checks.ts';
import { isMarkedOtherwise } from './token_kind.ts';

export interface UserinfoClaims {
  kind: 'response';
  claims: Claims & { sub: string };
}

export interface RawResponse {
  status: number;
  /** The `error` of `WWW-Authenticate` (RFC 6750 section 3). */
  challenge: string | undefined;
  /** The media type in lower case, without parameters. */
  type: string;
  /** `undefined` where it is too long. */
  text: string | undefined;
}

/**
 * @param sub of the verified token; `undefined` where it names none, and then userinfo's is taken
 * @returns a rejection where the provider does not take the token, or what it said does not count
 * @throws ProviderUnavailable where the response says nothing
 */
export async function processUserinfoResponse(
  context: ProviderContext,
  { status, challenge, type, text }: RawResponse,
  sub: string | undefined,
): Promise<UserinfoClaims | Rejection> {
  if (isOutageStatus(status)) throw unusable(`status ${status}`);
  if (status !== 200) {
    const cause = readError(text, challenge);
    const said = cause === undefined ? '' : `: ${cause.error}`;
    return rejected('error_response', `userinfo refused the token with status ${status}${said}`, cause);
  }
  if (text === undefined) throw unusable('more than 1 MiB');
  const result = type === 'application/jwt' ? await readSigned(context, text) : readJson(type, text);
  if (result.kind === 'rejected') return result;
  const { sub: own } = result.claims;
  // Attack: token substitution (section 5.3.4): the claims of one user would be put onto the token of another.
  if (!isNonEmptyString(own) || (sub !== undefined && own !== sub))
    return rejected('wrong_user', 'userinfo is about another subject (sub)');
  return { kind: 'response', claims: { ...result.claims, sub: own } };
}

/** The error of a refusal (RFC 6750 section 3.1): in the body, or in the challenge. */
function readError(text: string | undefined, challenge: string | undefined): OAuthError | undefined {
  const body = parseJson(text ?? '');
  const error = member(body, 'error') ?? challenge;
  return typeof error === 'string' ? new OAuthError(error, member(body, 'error_description')) : undefined;
}

type ReadClaims = { kind: 'read'; claims: Claims } | Rejection;

function readJson(type: string, text: string): ReadClaims {
  // `text/json` and `application/x-json` are older than the registered name.
  if (!/^(application|text)\/(([\w.-]+\+)?|x-)json$/.test(type))
    throw unusable(`the content type ${JSON.stringify(type.slice(0, 60))}`);
  const claims = parseJson(text);
  if (!isObject(claims)) throw unusable('no JSON object');
  return { kind: 'read', claims };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Attack: whoever answers in the provider's place adds groups at will to a JWT whose signature nobody looks at. It counts
 * only with a key of the provider, its `iss`, and this client as `aud` (section 5.3.2); what is encrypted cannot be read.
 */
async function readSigned(context: ProviderContext, text: string): Promise<ReadClaims> {
  const token = text.trim();
  if (!isSignedJwt(token)) return rejected('invalid_token', 'the JWT of userinfo is not signed, or is encrypted');
  const { client_id: audience } = context.application;
  const jwt = await verifySignedJwt(context, token, { source: 'provider', clientSecret: 'never', audience });
  if (jwt.kind === 'rejected') return { ...jwt, message: `the JWT of userinfo did not pass a check: ${jwt.message}` };
  const { typ = 'JWT' } = jwt.header;
  if (mediaType(typ) !== 'jwt' || isMarkedOtherwise(jwt.claims))
    return rejected('wrong_type', 'the JWT of userinfo is a token of another kind');
  return { kind: 'read', claims: jwt.claims };
}

const unusable = (what: string) => new ProviderUnavailable(undefined, `userinfo answered with ${what}`);
