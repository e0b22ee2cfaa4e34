/** The answer to a proxy: a decision as status, headers and body. Pure but for what a session's headers are rendered into once. */

import type { Application } from '../decision/application.ts';
import type { Decision, Forbid, SignIn } from '../decision/decision.ts';
import type { AuthRequest } from '../dialects/dialect.ts';
import { headerValue } from '../dialects/latin1.ts';
import type { Reason } from '../errors.ts';
import { isNavigation, prefersJson } from '../http/request_kind.ts';
import { allow } from './allow.ts';

export interface AuthResponse {
  status: number;
  /** Names and values in turn, as `response.writeHead` takes them. */
  headers: readonly string[];
  body: string;
}

export interface RenderOptions {
  outpost: string;
  /** `jwks_uri` of an application's provider as far as it is known. */
  jwksUri(application: Application): string;
  /** A page for a person who was refused, with its own headers. */
  deniedPage(decision: Forbid, requestId: string): { headers: readonly string[]; body: string };
  /** A page for a person who opens a host that is nobody's. */
  unknownHostPage(host: string, requestId: string): { headers: readonly string[]; body: string };
  onRefusedHeader(application: Application, name: string): void;
  now(): number;
}

/** Seconds that a client is asked to wait when the store or the provider is away. */
const retryAfter = '5';
const text = ['Content-Type', 'text/plain; charset=utf-8'];
const noStore = ['Cache-Control', 'no-store'];

export type Render = (request: AuthRequest | undefined, decision: Decision, requestId: string) => AuthResponse;

/** A proxy that takes anything but 200, 401 and 403 for an error gets those statuses only (`redirects` false: nginx). */
export function createRender(options: RenderOptions): Render {
  return (request, decision, requestId) => {
    const strict = request !== undefined && !request.redirects;
    switch (decision.kind) {
      case 'allow':
        return allow(request, decision, options);
      case 'sign_in':
        return signIn(request!, decision);
      case 'forbid':
        return forbid(request, decision, options, requestId);
      case 'unknown_host':
        return unknownHost(request, decision.host, options, requestId);
      case 'rate_limited':
        return denyText(strict ? 403 : 429, 'rate_limited', 'too many refused credentials, try again later', [
          'Retry-After',
          String(decision.retryAfter),
        ]);
      case 'invalid_request':
        return denyText(500, 'configuration_error', `configuration error: ${decision.message}`);
      case 'unavailable':
        return unavailable(decision.reason);
    }
  };
}

function signIn(request: AuthRequest, decision: SignIn): AuthResponse {
  const { loginUrl, reason } = decision;
  const headers = [...noStore, 'X-Gatepost-Reason', reason];
  if (decision.redirect) {
    // 303 makes a GET of whatever the client sent (RFC 9110, section 15.4.4): a form's body is not for the provider.
    const status = request.method === undefined || request.method === 'GET' || request.method === 'HEAD' ? 302 : 303;
    return { status, headers: [...headers, 'Location', loginUrl, 'Content-Length', '0'], body: '' };
  }
  // Not where a program asked for a plain 401: nginx makes a redirect of whatever has a `Location`.
  if (!request.redirects && decision.navigation && !decision.challenge) headers.push('Location', loginUrl);
  if (decision.challenge) {
    const realm = headerValue(decision.application.config.name).replace(/[\\"]/g, '\\$&');
    headers.push('WWW-Authenticate', `Basic realm="${realm}", charset="UTF-8"`);
    if (decision.challenge === 'all') headers.push('WWW-Authenticate', `Bearer realm="${realm}"`);
  }
  const json = prefersJson(request);
  const body = json ? JSON.stringify({ error: reason, login_url: loginUrl }) : `${sentences[reason]}: ${loginUrl}\n`;
  return withBody(401, [...headers, ...(json ? ['Content-Type', 'application/json'] : text)], body);
}

const sentences: Partial<Record<Reason, string>> = {
  no_credentials: 'not signed in, log in at',
  session_expired: 'the session has ended, log in at',
  credentials_refused: 'the credentials were refused, log in at',
};

function forbid(
  request: AuthRequest | undefined,
  decision: Forbid,
  options: RenderOptions,
  requestId: string,
): AuthResponse {
  const { reason, message } = decision;
  if (request && decision.application && isNavigation(request) && !prefersJson(request)) {
    const page = options.deniedPage(decision, requestId);
    return withBody(403, [...page.headers, 'X-Gatepost-Reason', reason], page.body);
  }
  return denyText(403, reason, message);
}

function unknownHost(
  request: AuthRequest | undefined,
  host: string,
  options: RenderOptions,
  requestId: string,
): AuthResponse {
  const status = request?.redirects === false ? 403 : 404;
  if (request && isNavigation(request) && !prefersJson(request)) {
    const page = options.unknownHostPage(host, requestId);
    return withBody(status, [...page.headers, 'X-Gatepost-Reason', 'unknown_host'], page.body);
  }
  return denyText(status, 'unknown_host', `no application is configured for the host ${host}`);
}

function unavailable(reason: Reason): AuthResponse {
  if (reason === 'internal_error') return denyText(500, reason, 'an internal error');
  const what = reason === 'store_unavailable' ? 'the session store' : 'the OpenID provider';
  return denyText(503, reason, `${what} cannot be reached, try again soon`, ['Retry-After', retryAfter]);
}

function denyText(status: number, reason: Reason, message: string, more: readonly string[] = []): AuthResponse {
  return withBody(status, [...noStore, 'X-Gatepost-Reason', reason, ...more, ...text], `${message}\n`);
}

function withBody(status: number, headers: readonly string[], body: string): AuthResponse {
  return { status, headers: [...headers, 'Content-Length', String(Buffer.byteLength(body))], body };
}
