/**
 * Maps what openid-client, jose and fetch throw: a rejection as a value, an outage or a rejected client as an error of
 * ours.
 */
import { errors as jose } from 'jose';
import { AuthorizationResponseError } from 'openid-client';
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
import { describeFailure, type Expectations } from './describe_failure.ts';
import { type ErrorResponse, readErrorResponse } from './error_response.ts';
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

/** Members of the header of a JWT that jose refuses, by its code. */
const HEADER_MEMBERS = new Map([
  [jose.JOSEAlgNotAllowed.code, 'alg'],
  [jose.JOSENotSupported.code, 'alg or crit'],
]);

/** What the log needs beside the error. */
export interface FailureContext {
  /** Drops what the provider says beside its error code. */
  withoutDescription?: boolean | undefined;
  /** What was asked, for an outage or an error response: `the token endpoint https://…`. */
  place?: string | undefined;
  /** What the token was compared with. */
  expected?: Expectations;
}

const rejectedBecause = (reason: FailedCheck, cause: Error) => rejected(reason, MESSAGES[reason], cause);

/** A check of a token or of a response, with what came and what was expected. */
const failedCheck = (reason: FailedCheck, error: Error, { expected }: FailureContext) =>
  rejectedBecause(reason, new Error(describeFailure(error, expected), { cause: error }));

/** openid-client's own message is a general one: the endpoint, and what the network or the check said, are beside it. */
function outage(error: unknown, { place }: FailureContext): ProviderUnavailable {
  if (!(error instanceof Error)) return new ProviderUnavailable(error);
  const what = describeFailure(error);
  return new ProviderUnavailable(new Error(place === undefined ? what : `${place}: ${what}`, { cause: error }));
}

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

/** Whether the status of an error response says nothing of the client, the user or the token. */
export function isOutageStatus(status: number): boolean {
  return status === 429 || status === 408 || status >= 500;
}

function fromErrorResponse({ error, status, description }: ErrorResponse, context: FailureContext): Rejection {
  const { withoutDescription = false, place } = context;
  const source = place === undefined ? undefined : `status ${status} of ${place}`;
  const cause = new OAuthError(error, withoutDescription ? undefined : description, source);
  if (isOutageStatus(status)) throw new ProviderUnavailable(cause);
  if (CLIENT_ERRORS.includes(error)) throw new ClientRejected(error, cause);
  return rejectedBecause(error === 'invalid_grant' ? 'invalid_grant' : 'error_response', cause);
}

/** Whether the response was none of a token endpoint: the private part of openid-client's error is then `{ body }`. */
function isAboutBody({ cause }: Error): boolean {
  const inner = cause instanceof Error ? cause.cause : undefined;
  return typeof inner === 'object' && inner !== null && 'body' in inner;
}

function fromJose(error: jose.JOSEError, context: FailureContext): Rejection {
  const isOutage = error instanceof jose.JWKSTimeout || error instanceof jose.JWKSInvalid;
  // The plain class stands for a key set that could not be read (a status other than 200, no JSON).
  if (isOutage || error.code === 'ERR_JOSE_GENERIC') throw outage(error, context);
  const isClaim = error instanceof jose.JWTClaimValidationFailed || error instanceof jose.JWTExpired;
  const check = isClaim && error.reason === 'check_failed' ? FAILED_CLAIMS.get(error.claim) : undefined;
  const rejection = failedCheck(check ?? 'invalid_token', error, context);
  if (isClaim) return { ...rejection, message: `${rejection.message} (${error.claim})` };
  const isUnsigned = error instanceof jose.JWKSNoMatchingKey || error instanceof jose.JWSSignatureVerificationFailed;
  if (isUnsigned) return { ...rejection, message: 'no known key of the provider has signed the token' };
  const member = HEADER_MEMBERS.get(error.code);
  return member === undefined ? rejection : { ...rejection, message: `${rejection.message} (${member})` };
}

/**
 * What a failed request or check means. An error that is not known is an outage: it neither accepts nor rejects.
 * @throws ProviderUnavailable on an outage
 * @throws ClientRejected where the provider does not take the client itself
 */
export async function toRejection(error: unknown, context: FailureContext = {}): Promise<Rejection> {
  if (error instanceof GatepostError) throw error;
  const response = await readErrorResponse(error);
  if (response) return fromErrorResponse(response, context);
  if (error instanceof AuthorizationResponseError) return rejectedBecause('error_response', error);
  if (error instanceof jose.JOSEError) return fromJose(error, context);
  if (!(error instanceof Error)) throw outage(error, context);
  const code = member(error, 'code');
  const check = FAILED_CHECKS.get(code);
  if (check) return failedCheck(check, error, context);
  if (code === INVALID_RESPONSE && !isAboutBody(error)) return failedCheck('invalid_response', error, context);
  throw outage(error, context);
}
