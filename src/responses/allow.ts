/** The answer of a yes. The headers of a session are rendered once and kept with its copy. */
import type { Application } from '../decision/application.ts';
import type { Allow } from '../decision/decision.ts';
import type { AuthRequest } from '../dialects/dialect.ts';
import { setSessionCookie } from '../sessions/session_cookie.ts';
import type { LiveSession } from '../sessions/sessions.ts';
import { identityHeaders } from './identity_headers.ts';
import type { AuthResponse, RenderOptions } from './render.ts';
import { upstreamAuthorization } from './upstream_authorization.ts';

const BASE_HEADERS = ['Cache-Control', 'no-store', 'Content-Length', '0'];

export function allow(request: AuthRequest | undefined, decision: Allow, options: RenderOptions): AuthResponse {
  const { application, subject } = decision;
  const rendered = subject ? renderOnce(subject, application, options) : undefined;
  const headers = rendered?.headers ?? anonymousHeaders(application, options);
  const authorization = rendered?.authorization ?? decision.authorization;
  const spent = authorization === undefined && request?.authorization !== undefined;
  if (authorization === undefined && !spent && !decision.reason) return { status: 200, headers, body: '' };
  const more = [...headers];
  if (authorization !== undefined) more.push('Authorization', authorization);
  if (spent && request.removal) more.push(request.removal, 'authorization');
  if (decision.reason) more.push('X-Gatepost-Reason', decision.reason);
  if (decision.newSessionId && subject) {
    const age = subject.session.expiresAt - options.now();
    more.push('Set-Cookie', setSessionCookie(application.config, decision.newSessionId, age));
  }
  return { status: 200, headers: more, body: '' };
}

interface Rendered {
  jwksUri: string;
  headers: readonly string[];
  authorization: string | undefined;
}

/** The headers of a session, kept with its copy: a hundred requests of a page cost one rendering. */
function renderOnce(live: LiveSession, application: Application, options: RenderOptions): Rendered {
  const jwksUri = options.jwksUri(application);
  const known = live.derived.answer as Rendered | undefined;
  if (known?.jwksUri === jwksUri) return known;
  let authorization = upstreamAuthorization(application.config, live.session.user);
  const headers: string[] = [...BASE_HEADERS];
  const meta = { outpost: options.outpost, application: application.config, jwksUri };
  const identity = identityHeaders(meta, live.session, (name) => options.onRefusedHeader(application, name));
  for (let i = 0; i < identity.length; i += 2) {
    // An additional header of this name is what the upstream shall get, unless `basic_auth_enabled` says otherwise.
    if (identity[i]?.toLowerCase() === 'authorization') authorization ??= identity[i + 1];
    else headers.push(identity[i] as string, identity[i + 1] as string);
  }
  const rendered = { jwksUri, headers, authorization };
  live.derived.answer = rendered;
  return rendered;
}

const anonymousHeadersOf = new WeakMap<Application, { jwksUri: string; headers: readonly string[] }>();

function anonymousHeaders(application: Application, options: RenderOptions): readonly string[] {
  const jwksUri = options.jwksUri(application);
  const known = anonymousHeadersOf.get(application);
  if (known?.jwksUri === jwksUri) return known.headers;
  const meta = { outpost: options.outpost, application: application.config, jwksUri };
  const headers = [...BASE_HEADERS, ...identityHeaders(meta, undefined, () => {})];
  anonymousHeadersOf.set(application, { jwksUri, headers });
  return headers;
}
