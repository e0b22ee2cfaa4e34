/** Asks the auth endpoints of a configuration what a proxy would ask, with a user in place of sessions and providers. */

import { setImmediate as nextTick } from 'node:timers/promises';
import { assembleAuth, assembleIndex } from '../assemble.ts';
import { createAuthorizer } from '../auth/authorizer.ts';
import type { Config } from '../config/schema/config.ts';
import { listedProxies } from '../config/trusted_proxies.ts';
import { readCredential } from '../credentials/authenticator.ts';
import type { Application } from '../decision/application.ts';
import type { Authentication } from '../decision/authentication.ts';
import type { Decision } from '../decision/decision.ts';
import type { AuthRequest } from '../decision/request.ts';
import { readCookies } from '../http/cookies.ts';
import { compileNetworks } from '../http/ip.ts';
import type { User } from '../identity.ts';
import { createEvents } from '../observe/events.ts';
import { NO_PROBES } from '../probe/probes.ts';
import { leftOutWarning } from '../provider/left_out_warning.ts';
import { createSymptoms } from '../symptoms/index.ts';
import { exchange, type WireResponse } from './exchange.ts';
import { isPerson, subjectOf, type TypedPerson, userOf } from './explain_person.ts';
import { type DialectName, questionOf, type TypedRequest } from './explain_question.ts';

/** What one dialect's auth request comes to. */
export interface Answer {
  dialect: DialectName;
  response: WireResponse;
  /** `undefined` where the request could not be read. */
  request: AuthRequest | undefined;
  decision: Decision | undefined;
  application: Application | undefined;
  user: User | undefined;
  /** What the server would log beside the decision. */
  notes: readonly string[];
}

/** Everything but the peer, who is trusted, and the authentication is the server's own. */
export function createExplainer(config: Config) {
  const index = assembleIndex(config);
  return async (typed: TypedRequest, person: TypedPerson, dialect: DialectName): Promise<Answer> => {
    const notes: string[] = [];
    const seen: Pick<Answer, 'request' | 'decision' | 'application' | 'user'> = {
      request: undefined,
      decision: undefined,
      application: undefined,
      user: undefined,
    };
    const authenticate = (request: AuthRequest, application: Application) =>
      authenticationOf(request, application, seen.user);
    const authorizer = createAuthorizer(index, authenticate);
    const events = createEvents();
    events.on('log', ({ message }) => notes.push(message));
    const handle = assembleAuth(
      {
        config,
        index,
        authorizer: {
          check(request) {
            const application = index.find(request.url.host);
            const onLeftOut = (...left: Parameters<typeof leftOutWarning>) =>
              notes.push(leftOutWarning(...left).message);
            const user = application && isPerson(person) ? userOf(person, application.config, onLeftOut) : undefined;
            Object.assign(seen, { request, application, user });
            const decision = authorizer.check(request);
            if (!(decision instanceof Promise)) seen.decision = decision;
            return decision;
          },
        },
        trustedPeer: { of: () => ({ address: 'a trusted proxy', trusted: true }) },
        listedProxies: compileNetworks(listedProxies(config.trusted_proxies)),
        jwksUri: () => '',
        probes: NO_PROBES,
        symptoms: createSymptoms({ events, elapsed: () => performance.now(), shared: undefined }),
        noteRefusal: () => undefined,
      },
      { events, now: Date.now },
    );
    const question = questionOf(typed, dialect, config.nginx_method_header);
    const response = await exchange(handle, question);
    // What the server logs, it logs after its response.
    await nextTick();
    return { dialect, response, notes, ...seen };
  };
}

/**
 * A user is signed in by the credential of the request, where there is one, else by a session. Without a user, a session
 * cookie opens nothing, and a credential is refused.
 */
function authenticationOf(
  { headers, authorization, authorizationRepeated }: AuthRequest,
  application: Application,
  user: User | undefined,
): Authentication {
  const header = authorization === undefined ? undefined : readCredential(authorization, application.config);
  const isOurs = authorizationRepeated || (header !== undefined && 'scheme' in header);
  if (user !== undefined) return { subject: subjectOf(user), credentialConsumed: isOurs };
  const expired = headers.cookie !== undefined && readCookies(headers.cookie, application.cookie).length > 0;
  if (authorizationRepeated) return { expired, refused: true, credentialConsumed: true };
  const isRefused = isOurs || (header !== undefined && 'kind' in header && header.kind === 'refused');
  return isRefused ? { expired, refused: true } : { expired };
}
