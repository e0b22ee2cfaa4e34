/** Claims that a token lacks, from the userinfo endpoint (OpenID Connect Core section 5.3). */
import { type Configuration, fetchProtectedResource, WWWAuthenticateChallengeError } from 'openid-client';
import { withDeadline } from '../async/deadline.ts';
import { ProviderUnavailable } from '../errors.ts';
import { readLimited } from '../http/read_limited.ts';
import type { ClientResult } from './client.ts';
import { placeOf } from './client_endpoints.ts';
import type { ProviderContext } from './context.ts';
import { observeCall, outcomeOfResult } from './observed_call.ts';
import type { Rejection } from './rejection.ts';
import { processUserinfoResponse, type RawResponse, type UserinfoClaims } from './userinfo_response.ts';

/** A login waits so long for claims that it can do without. */
const USERINFO_TIMEOUT_MS = 2_000;
/** Of a response: 1 MiB. A thousand groups have some 30 KiB. */
const MAX_RESPONSE_BYTES = 1_048_576;

/** `not_offered`: the provider has no such endpoint. `unavailable`: nothing was said, as it cannot be used now. */
export type UserinfoResult =
  | UserinfoClaims
  | { kind: 'not_offered' }
  | { kind: 'unavailable'; error: ProviderUnavailable }
  | Rejection;

/**
 * Asks userinfo about an access token, and checks whether the response counts.
 * @param sub of the verified token; `undefined` where it names none, and then userinfo's is taken
 */
export async function readUserinfo(
  context: ProviderContext,
  accessToken: string,
  sub: string | undefined,
): Promise<UserinfoResult> {
  const late = () => new ProviderUnavailable(undefined, `no answer of userinfo within ${USERINFO_TIMEOUT_MS} ms`);
  try {
    const { userinfo_endpoint: endpoint } = (await context.discovery.metadata()).metadata;
    if (!endpoint) return { kind: 'not_offered' };
    const { events, application } = context;
    const ask = () => {
      const work = userinfoRequest(context, accessToken, endpoint).then(async (result) =>
        result.kind === 'rejected' ? result : processUserinfoResponse(context, result.response, sub),
      );
      return withDeadline(work, USERINFO_TIMEOUT_MS, late);
    };
    return await observeCall({ events, issuer: application.issuer, call: 'userinfo' }, ask, outcomeOfResult);
  } catch (error) {
    if (error instanceof ProviderUnavailable) return { kind: 'unavailable', error };
    throw error;
  }
}

/** Says in the log which endpoint did not answer as it should, and why claims are missing: userinfo adds to a verified token, and never stops a login. */
export function reportUserinfo({ application, discovery, events }: ProviderContext, result: UserinfoResult): void {
  if (result.kind === 'response' || result.kind === 'not_offered') return;
  const [why, error] =
    result.kind === 'unavailable' ? [result.error.message, result.error.cause] : [result.message, result.cause];
  const { metadata } = discovery.peek() ?? {};
  const place = metadata ? placeOf(metadata, 'userinfo_endpoint') : `userinfo of ${application.issuer}`;
  const message = `the claims of ${place} were left out: ${why}`;
  events.emit('log', {
    level: 'warn',
    event: 'provider.userinfo_ignored',
    message,
    application: application.slug,
    error,
  });
}

/** @throws ProviderUnavailable */
async function userinfoRequest(
  context: ProviderContext,
  accessToken: string,
  endpoint: string,
): Promise<ClientResult<RawResponse>> {
  const send = async (configuration: Configuration): Promise<RawResponse> => {
    const headers = new Headers({ accept: 'application/json, application/jwt' });
    const url = new URL(endpoint);
    let challenge: string | undefined;
    const response = await fetchProtectedResource(configuration, accessToken, url, 'GET', null, headers).catch(
      (error: unknown) => {
        if (!(error instanceof WWWAuthenticateChallengeError)) throw error;
        challenge = error.cause[0]?.parameters.error;
        return error.response;
      },
    );
    return {
      status: response.status,
      challenge,
      type: (response.headers.get('content-type') ?? '').replace(/;.*$/s, '').trim().toLowerCase(),
      text: response.body === null ? '' : await readLimited(response.body, MAX_RESPONSE_BYTES),
    };
  };
  return context.client.request(send, { withoutSecret: true, endpoint: 'userinfo_endpoint' });
}
