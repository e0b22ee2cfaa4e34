/** One application's view of its provider. */

import { withDeadline } from '../async/deadline.ts';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { ProviderUnavailable } from '../errors.ts';
import type { Events } from '../observe/events.ts';
import { createWarnOnce } from '../observe/warn_once.ts';
import { authorizationCodeRequest, processAuthorizationCodeResponse } from './authorization_code.ts';
import { authorizationUrl } from './authorization_request.ts';
import { verifyBearerToken } from './bearer_token.ts';
import { createClient } from './client.ts';
import type { ProviderContext } from './context.ts';
import type { Discovery } from './discovery.ts';
import { endSessionUrl } from './end_session.ts';
import { isActive } from './introspection.ts';
import { leftOutWarning } from './left_out_warning.ts';
import type { MethodOrders } from './method_order.ts';
import { appPasswordRequest, passwordRequest, processPasswordResponse } from './password_grants.ts';
import type { Provider } from './provider.ts';
import { processRefreshTokenResponse, refreshTokenRequest } from './refresh_token.ts';
import { PROVIDER_TIMEOUT_MS } from './time_limits.ts';
import { verifyLogoutToken } from './token_checks.ts';

export { discoveryKey, issuersOf } from './issuers.ts';
export { isSignedJwt } from './jwt.ts';
export { ClientRejected } from './map_errors.ts';
export { OAuthError, readDescription } from './oauth_error.ts';
export type {
  AuthorizationRequest,
  IdentityResult,
  LogoutTokenResult,
  Provider,
  RefreshedTokens,
  RefreshResult,
  VerifiedClaims,
} from './provider.ts';
export { type Rejection, type RejectionReason, rejected } from './rejection.ts';
export { CLOCK_SKEW_SECONDS } from './time_limits.ts';

export interface ProviderOptions {
  events: Events;
  /** Milliseconds since the epoch, to compare with what a provider says. */
  now?: () => number;
  /** Milliseconds on a clock that nobody can set: for pauses and ages. */
  elapsed?: () => number;
}

/** What a provider gets from the snapshot that it is made for. */
interface OfSnapshot {
  orders?: MethodOrders;
  /** `managed.clientAddressToken` of the configuration. */
  clientAddressToken?: string | undefined;
}

/** Ends a call in time: a provider that hangs is unavailable. */
function inTime<T>(work: () => Promise<T>): Promise<T> {
  const late = () => new ProviderUnavailable(new Error(`no answer within ${PROVIDER_TIMEOUT_MS} ms`));
  return withDeadline(work(), PROVIDER_TIMEOUT_MS, late);
}

/**
 * One application's view of a provider.
 * @param discovery shared by the applications of one issuer
 */
export function createProvider(
  application: ApplicationConfig,
  discovery: Discovery,
  { now = Date.now, events, orders, clientAddressToken }: Omit<ProviderOptions, 'elapsed'> & OfSnapshot,
): Provider {
  const { managed } = application;
  const voucher =
    managed && clientAddressToken !== undefined ? { access: managed.access, token: clientAddressToken } : undefined;
  const context: ProviderContext = {
    application,
    discovery,
    client: createClient(application, discovery, events, orders, voucher),
    events,
    now,
    onLeftOut: warnOncePerClaim(application, events),
  };
  return {
    get jwksUri() {
      return discovery.peek()?.metadata.jwks_uri ?? '';
    },
    prefetch: () => discovery.refreshIfStale(),
    authorizationUrl: (request) => inTime(() => authorizationUrl(context, request)),
    exchangeCode: (callback, request) =>
      inTime(async () => {
        const result = await authorizationCodeRequest(context, callback, request);
        return processAuthorizationCodeResponse(context, result, { nonce: request.nonce, callback });
      }),
    refresh: (refreshToken) => inTime(() => refreshTokenRequest(context, refreshToken)),
    verifyRefreshed: ({ response }, subject) => inTime(() => processRefreshTokenResponse(context, response, subject)),
    verifyAppPassword: (username, password, clientAddress) =>
      inTime(async () => {
        const result = await appPasswordRequest(context, username, password, clientAddress);
        return processPasswordResponse(context, result, username);
      }),
    verifyPassword: (username, password) =>
      inTime(async () => {
        const result = await passwordRequest(context, username, password);
        return processPasswordResponse(context, result, username);
      }),
    verifyBearer: (token) => inTime(() => verifyBearerToken(context, token)),
    isActive: (token) => inTime(() => isActive(context, token)),
    verifyLogoutToken: (token) => inTime(() => verifyLogoutToken(context, token)),
    endSessionUrl: (session) => inTime(() => endSessionUrl(context, session)),
  };
}

/** One warning for a claim and what is wrong with it: the same would come again with every login. */
function warnOncePerClaim({ slug }: ApplicationConfig, events: Events): ProviderContext['onLeftOut'] {
  const warnOnce = createWarnOnce(events, `claims of ${slug}`);
  return (claim, reason, value) =>
    warnOnce(`${reason} ${claim}`, () => ({ ...leftOutWarning(claim, reason, value), application: slug }));
}
