/** The shared authenticator: turns a question into a decision. It knows no HTTP server and no proxy; every dialect calls it. */
import type { ApplicationIndex } from '../access/application_index.ts';
import type { Application } from '../decision/application.ts';
import { allowNobody, deny, judge } from '../decision/authorize.ts';
import type { Decision } from '../decision/decision.ts';
import type { Question } from '../dialects/dialect.ts';
import { GatepostError } from '../errors.ts';
import type { Identify } from './authenticate.ts';

/** Answers at once where nothing has to be waited for (a warm session, a public path), else by a promise. Never throws. */
export interface Authenticator {
  decide(question: Question): Decision | Promise<Decision>;
}

/** Our own pages for browsers. Exactly these: whatever only looks like one of them is judged like any path. */
const browserEndpoints = new Set(
  ['start', 'callback', 'sign_out', 'ping'].map((name) => `/outpost.goauthentik.io/${name}`),
);

export function createSharedAuthenticator(
  hosts: Pick<ApplicationIndex<Application>, 'find'>,
  identify: Identify,
): Authenticator {
  const decide = (question: Question): Decision | Promise<Decision> => {
    const application = hosts.find(question.url.host);
    if (!application) return { kind: 'unknown_host', host: question.url.host };
    if (browserEndpoints.has(question.url.path.raw)) return allowNobody(question, application);
    const { path, href } = question.url;
    const rules = application.rules({ path, href, method: question.method, client: question.client });
    const denied = rules.find((rule) => rule.policy === 'deny');
    if (denied) return deny(application, denied);
    if (rules.every((rule) => rule.policy === 'public')) return allowNobody(question, application);
    // A path that is open to nobody in particular stays open when nobody can be identified.
    const fail = (error: unknown) => {
      const decision = unavailable(error, application);
      const open = decision.reason !== 'internal_error' && rules.every((rule) => rule.policy === 'optional');
      return open ? allowNobody(question, application, decision.reason) : decision;
    };
    try {
      const identified = identify(question, application);
      return identified instanceof Promise
        ? identified.then((found) => judge(question, application, rules, found)).catch(fail)
        : judge(question, application, rules, identified);
    } catch (error) {
      return fail(error);
    }
  };
  return {
    // Fail closed, and here: whatever is thrown on the way, known fault or bug, is "not let in".
    decide(question) {
      try {
        return decide(question);
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
