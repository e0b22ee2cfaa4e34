/** What a failed request to the provider means: the user was refused, the provider is away, or our configuration is wrong. */
import { errors as jose } from 'jose';
import { AuthorizationResponseError, ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import { CredentialsRefused, GatepostError, ProviderUnavailable } from '../errors.ts';
import { OAuthError } from './oauth_error.ts';

/** RFC 6749 section 5.2, RFC 8707: what the provider says of *us*. No user can mend it, and none is to blame. */
const CLIENT_ERRORS = [
  'invalid_client',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
];

/** Checks of what the provider sent that did not pass (openid-client's codes). */
const FAILED_CHECKS = [
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_UNSUPPORTED_OPERATION',
];

/** The provider does not take us as its client: the operator has to look at `client_id`, `client_secret`, `scopes`, `basic`. */
export class ClientRejected extends ProviderUnavailable {
  /** The provider's error code. */
  readonly error: string;

  constructor(error: string, cause: unknown) {
    super(cause, `the OpenID provider refuses this client: ${error}`);
    this.error = error;
  }
}

/** The provider does not take the code: it was used before, or is too old. Starting afresh mends it. */
export class CodeRejected extends CredentialsRefused {}

/** `invalid_grant` (RFC 6749 section 5.2). */
export function isInvalidGrant(error: unknown): boolean {
  return (
    error instanceof CredentialsRefused && error.cause instanceof OAuthError && error.cause.error === 'invalid_grant'
  );
}

function fromOAuthError(error: string, status: number, description: unknown): GatepostError {
  const answer = new OAuthError(error, description);
  if (status === 429 || status === 408 || status >= 500) return new ProviderUnavailable(answer);
  return CLIENT_ERRORS.includes(error) ? new ClientRejected(error, answer) : new CredentialsRefused(undefined, answer);
}

/** The attack: a provider that quotes the password that it refuses. Of an answer to one, the log learns the code alone. */
export function withoutDescription(error: unknown): unknown {
  if (!(error instanceof GatepostError && error.cause instanceof OAuthError)) return error;
  const answer = new OAuthError(error.cause.error);
  if (error instanceof ClientRejected) return new ClientRejected(error.error, answer);
  return error instanceof CredentialsRefused
    ? new CredentialsRefused(undefined, answer)
    : new ProviderUnavailable(answer);
}

/** A challenge at the token endpoint is about the client (RFC 6749 section 5.2) unless the body says otherwise. */
async function fromChallenge(error: WWWAuthenticateChallengeError): Promise<GatepostError> {
  const body: unknown = await error.response.json().catch(() => undefined);
  const challenge = error.cause[0]?.parameters;
  const said = (body as { error?: unknown; error_description?: unknown } | undefined) ?? {};
  const code = said.error ?? challenge?.error;
  const words = said.error_description ?? challenge?.error_description;
  return fromOAuthError(typeof code === 'string' ? code : 'invalid_client', error.status, words);
}

/** The wrapped error's private part: `{ body }` where the answer itself was no answer of a token endpoint. */
function isAboutBody(error: Error): boolean {
  const inner = error.cause instanceof Error ? error.cause.cause : undefined;
  return typeof inner === 'object' && inner !== null && 'body' in inner;
}

function fromJose(error: jose.JOSEError): GatepostError {
  const away = error instanceof jose.JWKSTimeout || error instanceof jose.JWKSInvalid;
  // The plain class stands for a key set that could not be read (a status other than 200, no JSON).
  if (away || error.code === 'ERR_JOSE_GENERIC') return new ProviderUnavailable(error);
  return new CredentialsRefused(undefined, error);
}

/** Every throw of openid-client, jose and fetch as one of ours. What is not known is the provider's fault: never a yes. */
export async function toGatepostError(error: unknown): Promise<GatepostError> {
  if (error instanceof GatepostError) return error;
  if (error instanceof ResponseBodyError) return fromOAuthError(error.error, error.status, error.error_description);
  if (error instanceof WWWAuthenticateChallengeError) return fromChallenge(error);
  if (error instanceof AuthorizationResponseError) return new CredentialsRefused(undefined, error);
  if (error instanceof jose.JOSEError) return fromJose(error);
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string' && FAILED_CHECKS.includes(code)) return new CredentialsRefused(undefined, error);
  if (code === 'OAUTH_INVALID_RESPONSE' && !isAboutBody(error as Error))
    return new CredentialsRefused(undefined, error);
  return new ProviderUnavailable(error);
}

/** Runs `work`; what it throws is ours. */
export async function mapErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw await toGatepostError(error);
  }
}
