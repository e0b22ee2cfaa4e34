/** The decision itself: rules and what is known of the client in, a `Decision` out. Pure; every refusal is tested without a network. */
import type { Rule } from '../access/rules.ts';
import type { Authentication } from '../auth/authenticate.ts';
import type { AuthRequest } from '../dialects/dialect.ts';
import type { Reason } from '../errors.ts';
import { isNavigation, isPreflight, noRedirectChallenge } from '../http/request_kind.ts';
import type { Application } from './application.ts';
import type { Allow, Decision, SignIn } from './decision.ts';

/** Judges by all rules that were found, of which the strictest decides. */
export function authorize(
  request: AuthRequest,
  application: Application,
  rules: readonly Rule[],
  authentication: Authentication,
): Decision {
  const denied = rules.find((rule) => rule.policy === 'deny');
  if (denied) return deny(application, denied, authentication);
  const { subject } = authentication;
  if (subject) return authorizeUser(request, application, rules, authentication);
  const required = rules.find((rule) => rule.policy === 'required');
  if (!required) return allow(request, application, authentication);
  if (authentication.retryAfter !== undefined)
    return { kind: 'rate_limited', application, retryAfter: authentication.retryAfter };
  // Browsers send preflights without credentials; the request that follows is judged by itself.
  if (application.config.skip_preflight && isPreflight(request)) return allow(request, application, authentication);
  return signIn(request, application, authentication, required);
}

/** A refusal that no credential changes. */
export function deny(application: Application, rule: Rule, authentication: Authentication = {}): Decision {
  const message = 'access to this address is closed to everybody';
  return { kind: 'forbid', reason: 'denied', application, subject: authentication.subject, rule: rule.name, message };
}

/** A yes without looking at who asks. */
export function allowAnonymous(request: AuthRequest, application: Application, reason?: Reason): Allow {
  return { kind: 'allow', application, authorization: request.authorization, reason };
}

function authorizeUser(
  request: AuthRequest,
  application: Application,
  rules: readonly Rule[],
  authentication: Authentication,
): Decision {
  const subject = authentication.subject!;
  const refusing = rules.find((rule) => rule.policy === 'required' && !rule.principals(subject.session.user));
  if (!refusing) return allow(request, application, authentication);
  const message = 'this account may not open this address';
  return { kind: 'forbid', reason: 'forbidden', application, subject, rule: refusing.name, message };
}

function allow(request: AuthRequest, application: Application, authentication: Authentication): Allow {
  return {
    kind: 'allow',
    application,
    subject: authentication.subject,
    newSessionId: authentication.newSessionId,
    authorization: authentication.credentialConsumed ? undefined : request.authorization,
  };
}

function signIn(request: AuthRequest, application: Application, authentication: Authentication, rule: Rule): SignIn {
  const refused = authentication.refused === true;
  const challenge = noRedirectChallenge(request) || (refused && application.config.intercept_header_auth && 'all');
  const navigation = isNavigation(request);
  return {
    kind: 'sign_in',
    application,
    reason: refused ? 'credentials_refused' : authentication.expired ? 'session_expired' : 'no_credentials',
    loginUrl: application.startUrl + encodeURIComponent(request.url.href),
    rule: rule.name,
    redirect: request.redirects && navigation && !challenge,
    navigation,
    challenge,
  };
}
