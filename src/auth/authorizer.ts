/**
 * Steps 2 to 4 of an auth request, without HTTP server and proxy: the server, the library and `gatepost explain` share
 * them.
 */
import type { ApplicationIndex } from '../access/application_index.ts';
import type { Awaitable } from '../async/maybe_async.ts';
import type { Application } from '../decision/application.ts';
import { namesAuthEndpoint } from '../decision/auth_endpoint.ts';
import type { Authentication } from '../decision/authentication.ts';
import {
  authorize,
  authorizeAnyone,
  authorizeDuringOutage,
  authorizeEndpoint,
  authorizeProbe,
  denyAuthEndpoint,
  ruleRequest,
  unavailable,
  unknownHost,
} from '../decision/authorize.ts';
import type { Decision } from '../decision/decision.ts';
import type { AuthRequest } from '../decision/request.ts';
import { BROWSER_ENDPOINTS, endpointPath, PROBE_PATH } from '../endpoints.ts';
import { NotKnownYet } from '../errors.ts';
import type { Authenticate } from './authenticate.ts';

export interface Authorizer {
  /**
   * Decides at once where nothing has to be waited for (a cached session, a public path), else by a promise. Never
   * throws or rejects.
   */
  check(request: AuthRequest): Awaitable<Decision>;
}

/** Exactly these: a path that only looks like one of them is decided like any other path. */
const ENDPOINT_PATHS = new Set(BROWSER_ENDPOINTS.map(endpointPath));

/** @param isWaiting whether authentik has not said yet which applications there are */
export function createAuthorizer(
  index: Pick<ApplicationIndex<Application>, 'find' | 'addressesOf' | 'whyReserved'>,
  authenticate: Authenticate,
  isWaiting = false,
): Authorizer {
  const nobodysHost = (host: string): Decision =>
    isWaiting ? unavailable(new NotKnownYet()) : unknownHost(host, index.addressesOf(host), index.whyReserved(host));

  const check = (request: AuthRequest): Awaitable<Decision> => {
    // 2 match: host → application, path, method and address → rules
    const { host } = request.url;
    const application = index.find(host);
    if (!application) return nobodysHost(host);
    // Attack: a page's script that fetches an auth endpoint, to read tokens out of the headers of the response.
    if (namesAuthEndpoint(request)) return denyAuthEndpoint(application);
    if (ENDPOINT_PATHS.has(request.url.path.raw)) return authorizeEndpoint(request, application);
    const match = { request, application, rules: application.rules.match(ruleRequest(request)) };
    if (request.probe !== undefined && request.url.path.raw === PROBE_PATH) return authorizeProbe(match, request.probe);
    const early = authorizeAnyone(match);
    if (early) return early;
    // 3 authenticate: a session, else `Authorization`; the only I/O. 4 authorize
    const decide = (authentication: Authentication) => authorize(match, authentication);
    const fail = (error: unknown) => authorizeDuringOutage(match, error);
    try {
      const optional = match.rules.every(({ policy }) => policy !== 'required');
      const authentication = authenticate(request, application, optional);
      if (!(authentication instanceof Promise)) return decide(authentication);
      return authentication.then(decide).catch(fail);
    } catch (error) {
      return fail(error);
    }
  };
  return {
    // Fail closed, and here: any error on the way, known fault or bug, is "not let in".
    check(request) {
      try {
        return check(request);
      } catch (error) {
        return unavailable(error);
      }
    },
  };
}
