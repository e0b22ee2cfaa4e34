/** The error response of a provider in what openid-client threw (RFC 6749 section 5.2, RFC 6750 section 3). */
import { ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import { readLimited } from '../http/read_limited.ts';
import { member } from '../json.ts';

/** Of an error response: a code and a sentence. */
const MAX_ERROR_BYTES = 65_536;

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

/** A response whose error openid-client has not read: the private part of its error, or of the cause of that. */
export function unreadResponse(error: unknown): Response | undefined {
  let current = error;
  for (let depth = 0; depth < 3 && current instanceof Error; depth += 1) current = current.cause;
  return current instanceof Response ? current : undefined;
}

/**
 * openid-client reads the error of a status below 500 alone; gateways and providers say what is wrong with the others too.
 */
async function readOutage(error: unknown): Promise<ErrorResponse | undefined> {
  const response = unreadResponse(error);
  if (response === undefined || response.status < 500 || response.bodyUsed) return undefined;
  const body = await readBody(response);
  const code = member(body, 'error');
  return typeof code === 'string'
    ? { error: code, status: response.status, description: member(body, 'error_description') }
    : undefined;
}

async function readBody({ body }: Response): Promise<unknown> {
  try {
    return JSON.parse((body && (await readLimited(body, MAX_ERROR_BYTES))) ?? '');
  } catch {
    return undefined;
  }
}

/** @returns `undefined` where the error is none of a response */
export async function readErrorResponse(error: unknown): Promise<ErrorResponse | undefined> {
  if (error instanceof WWWAuthenticateChallengeError) return readChallenge(error);
  if (!(error instanceof ResponseBodyError)) return readOutage(error);
  return { error: error.error, status: error.status, description: error.error_description };
}
