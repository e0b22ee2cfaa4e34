/**
 * Maps what openid-client, jose and fetch throw: a rejection as a value, an outage or a rejected client as an error of
 * ours.
 */
import { errors as jose } from 'jose';
import { AuthorizationResponseError, ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import { GatepostError, ProviderUnavailable } from '../errors.ts';
import { member } from '../json.ts';
import {
  INVALID_RESPONSE,
  JSON_ATTRIBUTE_COMPARISON,
  JWT_CLAIM_COMPARISON,
  JWT_TIMESTAMP_CHECK,
  KEY_SELECTION,
  UNSUPPORTED_OPERATION,
} from './client_errors.ts';
import { OAuthError } from './oauth_error.ts';
import { type Rejection, type RejectionReason, rejected } from './rejection.ts';

/** RFC 6749 section 5.2, RFC 8707: errors about the client itself. No user can mend them, and no user is to blame. */
const CLIENT_ERRORS = [
  'invalid_client',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
];

const MESSAGES = {
  invalid_grant: 'the provider does not accept the credentials',
  error_response: 'the provider responded with an error',
  invalid_response: 'the response of the provider did not pass a check',
  invalid_token: 'the token is not valid',
  wrong_time: 'the token has expired, or is not valid yet',
  wrong_audience: 'the token is for another client',
  wrong_issuer: 'the token is from another issuer',
} satisfies Partial<Record<RejectionReason, string>>;

type FailedCheck = keyof typeof MESSAGES;

/** Checks of a response that failed, by openid-client's code. */
const FAILED_CHECKS = new Map<unknown, FailedCheck>([
  [JWT_CLAIM_COMPARISON, 'invalid_response'],
  [JWT_TIMESTAMP_CHECK, 'wrong_time'],
  [JSON_ATTRIBUTE_COMPARISON, 'invalid_response'],
  [KEY_SELECTION, 'invalid_token'],
  [UNSUPPORTED_OPERATION, 'invalid_response'],
]);

/** Checks of a JWT that failed, by the claim. */
const FAILED_CLAIMS = new Map<string, FailedCheck>([
  ['exp', 'wrong_time'],
  ['nbf', 'wrong_time'],
  ['iat', 'wrong_time'],
  ['aud', 'wrong_audience'],
  ['iss', 'wrong_issuer'],
]);

const rejectedBecause = (reason: FailedCheck, cause: Error) => rejected(reason, MESSAGES[reason], cause);

/**
 * The provider does not take Gatepost as its client: the operator has to look at `client_id`, `client_secret`,
 * `scopes`, `basic`.
 */
export class ClientRejected extends ProviderUnavailable {
  /** The provider's error code. */
  readonly error: string;

  constructor(error: string, cause: unknown) {
    super(cause, `the OpenID provider refuses this client: ${error}`);
    this.error = error;
  }
}

/** An error response of the provider: its code and, unless it may quote a password, its description. */
interface ErrorResponse {
  error: string;
  status: number;
  description: unknown;
}

/** Whether the status of an error response says nothing of the client, the user or the token. */
export function isOutageStatus(status: number): boolean {
  return status === 429 || status === 408 || status >= 500;
}

function fromErrorResponse({ error, status, description }: ErrorResponse): Rejection {
  const cause = new OAuthError(error, description);
  if (isOutageStatus(status)) throw new ProviderUnavailable(cause);
  if (CLIENT_ERRORS.includes(error)) throw new ClientRejected(error, cause);
  return rejectedBecause(error === 'invalid_grant' ? 'invalid_grant' : 'error_response', cause);
}

/** A challenge at the token endpoint is about the client (RFC 6749 section 5.2) unless the body says otherwise. */
async function readChallenge({ response, status, cause }: WWWAuthenticateChallengeError): Promise<ErrorResponse> {
  const body: unknown = await response.json().catch(() => undefined);
  const challenge = cause[0]?.parameters;
  const error = member(body, 'error') ?? challenge?.error;
  const description = member(body, 'error_description') ?? challenge?.error_description;
  return { error: typeof error === 'string' ? error : 'invalid_client', status, description };
}

async function readErrorResponse(error: unknown): Promise<ErrorResponse | undefined> {
  if (error instanceof WWWAuthenticateChallengeError) return readChallenge(error);
  if (!(error instanceof ResponseBodyError)) return undefined;
  return { error: error.error, status: error.status, description: error.error_description };
}

/** Whether the response was none of a token endpoint: the private part of openid-client's error is then `{ body }`. */
function isAboutBody({ cause }: Error): boolean {
  const inner = cause instanceof Error ? cause.cause : undefined;
  return typeof inner === 'object' && inner !== null && 'body' in inner;
}

function fromJose(error: jose.JOSEError): Rejection {
  const isOutage = error instanceof jose.JWKSTimeout || error instanceof jose.JWKSInvalid;
  // The plain class stands for a key set that could not be read (a status other than 200, no JSON).
  if (isOutage || error.code === 'ERR_JOSE_GENERIC') throw new ProviderUnavailable(error);
  const isClaim = error instanceof jose.JWTClaimValidationFailed || error instanceof jose.JWTExpired;
  const failedCheck = isClaim && error.reason === 'check_failed' ? FAILED_CLAIMS.get(error.claim) : undefined;
  return rejectedBecause(failedCheck ?? 'invalid_token', error);
}

/**
 * What a failed request or check means. An error that is not known is an outage: it neither accepts nor rejects.
 * @param options.withoutDescription drops what the provider says beside its error code
 * @throws ProviderUnavailable on an outage
 * @throws ClientRejected where the provider does not take the client itself
 */
export async function toRejection(
  error: unknown,
  { withoutDescription = false }: { withoutDescription?: boolean } = {},
): Promise<Rejection> {
  if (error instanceof GatepostError) throw error;
  const response = await readErrorResponse(error);
  if (response) return fromErrorResponse(withoutDescription ? { ...response, description: undefined } : response);
  if (error instanceof AuthorizationResponseError) return rejectedBecause('error_response', error);
  if (error instanceof jose.JOSEError) return fromJose(error);
  if (!(error instanceof Error)) throw new ProviderUnavailable(error);
  const code = member(error, 'code');
  const failedCheck = FAILED_CHECKS.get(code);
  if (failedCheck) return rejectedBecause(failedCheck, error);
  if (code === INVALID_RESPONSE && !isAboutBody(error)) return rejectedBecause('invalid_response', error);
  throw new ProviderUnavailable(error);
}
