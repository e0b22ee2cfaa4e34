/**
 * The decision: every allow and every denial is made here, from plain values. Pure; no network is needed to test it.
 */
import type { Rule } from '../access/rule.ts';
import { startUrl } from '../endpoints.ts';
import { GatepostError } from '../errors.ts';
import { type Challenge, isBrowser, isNavigation, isPreflight, noRedirectChallenge } from '../http/request_kind.ts';
import { describeUnusable, unusableClaim } from '../identity.ts';
import { REASONS, type Reason } from '../reasons.ts';
import type { LiveSession } from '../sessions/session.ts';
import type { Application } from './application.ts';
import type { Authentication } from './authentication.ts';
import type {
  Allow,
  Decision,
  Forbid,
  HeadersTooLarge,
  InvalidRequest,
  SignIn,
  SignInPresentation,
  Unavailable,
  UnknownHost,
  UriTooLong,
} from './decision.ts';
import type { AuthRequest } from './request.ts';
import { traceRules } from './trace.ts';

/** A request with its application and the rules that it falls under; the strictest of several decides. */
export interface Match {
  request: AuthRequest;
  application: Application;
  rules: readonly Rule[];
}

/** The peer of the connection is not a trusted proxy: nothing that it says is believed. */
export function denyPeer(address: string): Forbid {
  return { kind: 'forbid', reason: 'untrusted_peer', message: `${address} is not in trusted_proxies` };
}

export function invalidRequest(message: string): InvalidRequest {
  return { kind: 'invalid_request', message };
}

/** The client's address is longer than any that is read. */
export const URI_TOO_LONG: UriTooLong = { kind: 'uri_too_long' };

/** The client's headers are more, or longer, than those that are read. */
export const HEADERS_TOO_LARGE: HeadersTooLarge = { kind: 'headers_too_large' };

/**
 * No application is configured for the host, but perhaps for its name with another port (`known`).
 * @param why its application is not served
 */
export function unknownHost(host: string, known: readonly string[], why?: string): UnknownHost {
  return { kind: 'unknown_host', host, known, why };
}

/** Gatepost's own pages for browsers: they pass without identity. */
export function authorizeEndpoint(request: AuthRequest, application: Application): Allow {
  return { ...allowAnonymous(request, application), ownEndpoint: true };
}

/** A client asks through a proxy for an endpoint that is for proxies alone: no response of it is for a page. */
export function denyAuthEndpoint(application: Application): Forbid {
  return { kind: 'forbid', reason: 'denied', application, message: 'this address is for proxies alone' };
}

/**
 * A request of `gatepost doctor`, at the one address that is meant for it: without identity, unless a rule denies it.
 * Attack: `secret` alone must open nothing. It can make such a request, and gets what the application has at an address
 * that it does not have.
 * @param padding characters of the token in the response, to try the proxy's buffers
 */
export function authorizeProbe(match: Match, padding: number): Decision {
  const early = authorizeAnyone(match);
  if (early?.kind === 'forbid') return early;
  return { ...allowAnonymous(match.request, match.application), padding };
}

/**
 * What needs no authentication: `deny` refuses every client, `public` admits every client.
 * @returns `undefined` where the client must be authenticated first
 */
export function authorizeAnyone({ request, application, rules }: Match): Decision | undefined {
  const denied = rules.find((rule) => rule.policy === 'deny');
  if (denied) {
    return { kind: 'forbid', reason: 'denied', application, rule: denied.name, message: REASONS.denied.text };
  }
  if (rules.every((rule) => rule.policy === 'public')) return allowAnonymous(request, application);
  return undefined;
}

/** With the result of the authentication. */
export function authorize(match: Match, authentication: Authentication): Decision {
  const { request, application, rules } = match;
  if (authentication.subject) return authorizeUser(match, authentication, authentication.subject);
  const required = rules.find((rule) => rule.policy === 'required');
  if (!required) return allow(match, authentication);
  const { retryAfter } = authentication;
  if (retryAfter !== undefined) return { kind: 'rate_limited', application, retryAfter };
  // Browsers send preflights without credentials; the request that follows is decided by itself.
  if (application.config.skip_preflight && isPreflight(request)) return allow(match, authentication);
  return signIn(match, authentication, required);
}

/**
 * The store or the provider is unavailable, or something is broken: `optional` paths stay open in an outage, nothing
 * else does.
 */
export function authorizeDuringOutage({ request, application, rules }: Match, cause: unknown): Decision {
  const decision = unavailable(cause, application);
  const open = decision.reason !== 'internal_error' && rules.every((rule) => rule.policy === 'optional');
  return open ? allowAnonymous(request, application, decision.reason) : decision;
}

/** Not decided: not let in. */
export function unavailable(cause: unknown, application?: Application): Unavailable {
  const code = cause instanceof GatepostError ? cause.code : 'internal_error';
  const reason = code === 'store_unavailable' || code === 'provider_unavailable' ? code : 'internal_error';
  return { kind: 'unavailable', reason, application, cause };
}

function authorizeUser(match: Match, authentication: Authentication, subject: LiveSession): Decision {
  const { request, application, rules } = match;
  const { user } = subject.session;
  const claim = unusableClaim(user);
  // Attack: an identity that is somebody else's at the application. No rule passes it on, nor takes it for nobody's.
  if (claim !== undefined) {
    const message = describeUnusable(claim, user);
    return { kind: 'forbid', reason: 'unusable_identity', application, subject, message };
  }
  const refusing = rules.find((rule) => rule.policy === 'required' && !rule.principals(user));
  if (!refusing) return allow(match, authentication);
  const message = REASONS.forbidden.text;
  const trace = () => traceRules(application.rules, ruleRequest(request), user);
  return { kind: 'forbid', reason: 'forbidden', application, subject, rule: refusing.name, message, trace };
}

function allowAnonymous(request: AuthRequest, application: Application, reason?: Reason): Allow {
  return { kind: 'allow', application, authorization: request.authorization, reason };
}

function allow({ request, application }: Match, authentication: Authentication): Allow {
  return {
    kind: 'allow',
    application,
    subject: authentication.subject,
    newSessionId: newSessionIdFor(request, authentication),
    authorization: authentication.credentialConsumed ? undefined : request.authorization,
  };
}

/**
 * Attack: a link or an image with the attacker's password in its address (`https://mallory:password@site/`) would sign a
 * visitor in as the attacker. There the credential opens this one request; the cookie is for programs.
 */
function newSessionIdFor({ headers }: AuthRequest, { newSessionId }: Authentication): string | undefined {
  return newSessionId === undefined || isBrowser(headers) ? undefined : newSessionId;
}

function signIn({ request, application }: Match, authentication: Authentication, rule: Rule): SignIn {
  const refused = authentication.refused === true;
  return {
    kind: 'sign_in',
    application,
    reason: refused ? 'credentials_refused' : authentication.expired ? 'session_expired' : 'no_credentials',
    loginUrl: startUrl(application, request.url.href),
    rule: rule.name,
    presentation: presentationFor(request, refused && application.config.intercept_header_auth && 'all'),
  };
}

function presentationFor(request: AuthRequest, intercepted: false | Challenge): SignInPresentation {
  const { headers, url, noRedirect = false } = request;
  const challenge = noRedirectChallenge({ headers, query: url.query }, noRedirect) || intercepted;
  if (challenge) return challenge === 'basic' ? 'basic_challenge' : 'challenge';
  return isNavigation(request) ? 'page' : 'plain';
}

/** What of a request the access rules look at. */
export function ruleRequest({ url, method, clientAddress }: AuthRequest) {
  return { host: url.host, path: url.path, href: url.href, method, clientAddress };
}
