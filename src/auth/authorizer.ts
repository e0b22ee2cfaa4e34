/** The shared authenticator: turns a question into a decision. It knows no HTTP server and no proxy; every dialect calls it. */
import type { ApplicationIndex } from '../access/application_index.ts';
import type { Application } from '../decision/application.ts';
import { allowAnonymous, authorize, deny } from '../decision/authorize.ts';
import type { Decision } from '../decision/decision.ts';
import type { AuthRequest } from '../dialects/dialect.ts';
import { GatepostError } from '../errors.ts';
import type { Authenticate } from './authenticate.ts';

/** Answers at once where nothing has to be waited for (a warm session, a public path), else by a promise. Never throws. */
export interface Authorizer {
  check(request: AuthRequest): Decision | Promise<Decision>;
}

/** Our own pages for browsers. Exactly these: whatever only looks like one of them is judged like any path. */
const BROWSER_ENDPOINTS = new Set(
  ['start', 'callback', 'sign_out', 'ping'].map((name) => `/outpost.goauthentik.io/${name}`),
);

export function createAuthorizer(
  hosts: Pick<ApplicationIndex<Application>, 'find'>,
  identify: Authenticate,
): Authorizer {
  const decide = (request: AuthRequest): Decision | Promise<Decision> => {
    const application = hosts.find(request.url.host);
    if (!application) return { kind: 'unknown_host', host: request.url.host };
    if (BROWSER_ENDPOINTS.has(request.url.path.raw)) return allowAnonymous(request, application);
    const { path, href } = request.url;
    const rules = application.rules({ path, href, method: request.method, client: request.client });
    const denied = rules.find((rule) => rule.policy === 'deny');
    if (denied) return deny(application, denied);
    if (rules.every((rule) => rule.policy === 'public')) return allowAnonymous(request, application);
    // A path that is open to nobody in particular stays open when nobody can be identified.
    const fail = (error: unknown) => {
      const decision = unavailable(error, application);
      const open = decision.reason !== 'internal_error' && rules.every((rule) => rule.policy === 'optional');
      return open ? allowAnonymous(request, application, decision.reason) : decision;
    };
    try {
      const authentication = identify(request, application);
      return authentication instanceof Promise
        ? authentication.then((found) => authorize(request, application, rules, found)).catch(fail)
        : authorize(request, application, rules, authentication);
    } catch (error) {
      return fail(error);
    }
  };
  return {
    // Fail closed, and here: whatever is thrown on the way, known fault or bug, is "not let in".
    check(request) {
      try {
        return decide(request);
      } catch (error) {
        return unavailable(error);
      }
    },
  };
}

function unavailable(cause: unknown, application?: Application) {
  const code = cause instanceof GatepostError ? cause.code : 'internal_error';
  const reason = code === 'store_unavailable' || code === 'provider_unavailable' ? code : 'internal_error';
  return { kind: 'unavailable', reason, application, cause } as const;
}
