/** The error response of a provider in what openid-client threw (RFC 6749 section 5.2, RFC 6750 section 3). */
import { ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import { member } from '../json.ts';

/** An error response of the provider: its code and, unless it may quote a password, its description. */
export interface ErrorResponse {
  error: string;
  status: number;
  description: unknown;
}

/** A challenge at the token endpoint is about the client (RFC 6749 section 5.2) unless the body says otherwise. */
async function readChallenge({ response, status, cause }: WWWAuthenticateChallengeError): Promise<ErrorResponse> {
  const body: unknown = await response.json().catch(() => undefined);
  const challenge = cause[0]?.parameters;
  const error = member(body, 'error') ?? challenge?.error;
  const description = member(body, 'error_description') ?? challenge?.error_description;
  return { error: typeof error === 'string' ? error : 'invalid_client', status, description };
}

/** @returns `undefined` where the error is none of a response */
export async function readErrorResponse(error: unknown): Promise<ErrorResponse | undefined> {
  if (error instanceof WWWAuthenticateChallengeError) return readChallenge(error);
  if (!(error instanceof ResponseBodyError)) return undefined;
  return { error: error.error, status: error.status, description: error.error_description };
}
