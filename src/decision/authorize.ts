/** The decision itself: rules and what is known of the client in, a `Decision` out. Pure; every refusal is tested without a network. */
import type { Rule } from '../access/rules.ts';
import type { Identified } from '../auth/authenticate.ts';
import type { Question } from '../dialects/dialect.ts';
import type { Reason } from '../errors.ts';
import { isNavigation, isPreflight, noRedirectChallenge } from '../http/request_kind.ts';
import type { Application } from './application.ts';
import type { Allow, Decision, SignIn } from './decision.ts';

/** Judges by all rules that were found, of which the strictest decides. */
export function judge(
  question: Question,
  application: Application,
  rules: readonly Rule[],
  identified: Identified,
): Decision {
  const denied = rules.find((rule) => rule.policy === 'deny');
  if (denied) return deny(application, denied, identified);
  const { subject } = identified;
  if (subject) return judgeKnown(question, application, rules, identified);
  const required = rules.find((rule) => rule.policy === 'required');
  if (!required) return allow(question, application, identified);
  if (identified.retryAfter !== undefined)
    return { kind: 'rate_limited', application, retryAfter: identified.retryAfter };
  // Browsers send preflights without credentials; the request that follows is judged by itself.
  if (application.config.skip_preflight && isPreflight(question)) return allow(question, application, identified);
  return signIn(question, application, identified, required);
}

/** A refusal that no credential changes. */
export function deny(application: Application, rule: Rule, identified: Identified = {}): Decision {
  const message = 'access to this address is closed to everybody';
  return { kind: 'forbid', reason: 'denied', application, subject: identified.subject, rule: rule.name, message };
}

/** A yes without looking at who asks. */
export function allowNobody(question: Question, application: Application, reason?: Reason): Allow {
  return { kind: 'allow', application, authorization: question.authorization, reason };
}

function judgeKnown(
  question: Question,
  application: Application,
  rules: readonly Rule[],
  identified: Identified,
): Decision {
  const subject = identified.subject!;
  const refusing = rules.find((rule) => rule.policy === 'required' && !rule.principals(subject.session.user));
  if (!refusing) return allow(question, application, identified);
  const message = 'this account may not open this address';
  return { kind: 'forbid', reason: 'forbidden', application, subject, rule: refusing.name, message };
}

function allow(question: Question, application: Application, identified: Identified): Allow {
  return {
    kind: 'allow',
    application,
    subject: identified.subject,
    newSessionId: identified.newSessionId,
    authorization: identified.spent ? undefined : question.authorization,
  };
}

function signIn(question: Question, application: Application, identified: Identified, rule: Rule): SignIn {
  const refused = identified.refused === true;
  const challenge = noRedirectChallenge(question) || (refused && application.config.intercept_header_auth && 'all');
  const pageVisit = isNavigation(question);
  return {
    kind: 'sign_in',
    application,
    reason: refused ? 'credentials_refused' : identified.expired ? 'session_expired' : 'no_credentials',
    loginUrl: application.startUrl + encodeURIComponent(question.url.href),
    rule: rule.name,
    redirect: question.redirects && pageVisit && !challenge,
    pageVisit,
    challenge,
  };
}
