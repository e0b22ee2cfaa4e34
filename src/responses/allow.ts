/** The 200 of an allowed request. The headers of a session are rendered once and kept as long as its cached copy. */
import type { Application } from '../decision/application.ts';
import type { Allow } from '../decision/decision.ts';
import type { LiveSession, Session } from '../sessions/session.ts';
import { setSessionCookie } from '../sessions/session_cookie.ts';
import { identityHeaders } from './identity_headers.ts';
import type { AuthResponse, RenderOptions, ResponseContext } from './response.ts';
import { upstreamAuthorization } from './upstream_authorization.ts';
import { upstreamCookie } from './upstream_cookie.ts';

const BASE_HEADERS = ['Cache-Control', 'no-store', 'Content-Length', '0'];

interface RenderedHeaders {
  /** What was known of the provider's keys at the time. */
  jwksUri: string;
  headers: readonly string[];
  authorization: string | undefined;
}

export function createAllow(options: RenderOptions): (decision: Allow, context: ResponseContext) => AuthResponse {
  /** A hundred requests of a page cost one rendering; it goes with the cached session, or application, behind it. */
  const cache = new WeakMap<LiveSession | Application, RenderedHeaders>();

  function renderOnce(application: Application, subject: LiveSession | undefined): RenderedHeaders {
    const key = subject ?? application;
    const jwksUri = options.jwksUri(application);
    const known = cache.get(key);
    if (known?.jwksUri === jwksUri) return known;
    const rendered = renderHeaders(application, subject?.session, jwksUri);
    cache.set(key, rendered);
    return rendered;
  }

  function renderHeaders(application: Application, session: Session | undefined, jwksUri: string): RenderedHeaders {
    let authorization = session && upstreamAuthorization(application.config, session.user);
    const headers: string[] = [...BASE_HEADERS];
    const meta = { outpost: options.outpost, application: application.config, jwksUri };
    const identity = identityHeaders(meta, session, {
      onRefused: (name) => options.onRefusedHeader(application, name),
      onUnusable: (name, value) => options.onUnusableValue(application, name, value),
    });
    for (let i = 0; i < identity.length; i += 2) {
      // An additional header of this name is what the upstream shall get, unless `basic_auth_enabled` says otherwise.
      if (identity[i]?.toLowerCase() === 'authorization') authorization ??= identity[i + 1];
      else headers.push(identity[i] as string, identity[i + 1] as string);
    }
    return { jwksUri, headers, authorization };
  }

  return (decision, context) => {
    const rendered = renderOnce(decision.application, decision.subject);
    const authorization = rendered.authorization ?? decision.authorization;
    const { request } = context;
    // Gatepost itself is the upstream of its own endpoints: a login would not find its cookie.
    const sent = request?.headers.cookie;
    const cookie = decision.ownEndpoint ? sent : upstreamCookie(sent, decision.application.cookies);
    const removed = removedHeaders(context, authorization, cookie);
    // The same array for every request of a session, where it needs nothing else.
    const plain = authorization === undefined && cookie === undefined && removed === undefined;
    if (plain && isPlain(decision)) return withHeaders(rendered.headers);
    const headers = padded(rendered.headers, decision.padding);
    if (authorization !== undefined) headers.push('Authorization', authorization);
    if (cookie !== undefined) headers.push('Cookie', cookie);
    if (removed !== undefined) headers.push(...removed);
    if (decision.reason) headers.push('X-Gatepost-Reason', decision.reason);
    headers.push(...newSessionCookie(decision, options.now()));
    return withHeaders(headers);
  };
}

/** For a proxy that passes on the client's own header where the response has none: the header that says what to remove. */
function removedHeaders(
  { request, capabilities: { removeHeadersVia } }: ResponseContext,
  authorization: string | undefined,
  cookie: string | undefined,
): readonly string[] | undefined {
  if (removeHeadersVia === undefined || request === undefined) return undefined;
  const consumed = authorization === undefined && request.authorization !== undefined;
  const emptied = cookie === undefined && request.headers.cookie !== undefined;
  if (!consumed && !emptied) return undefined;
  return [removeHeadersVia, consumed && emptied ? 'authorization,cookie' : consumed ? 'authorization' : 'cookie'];
}

function isPlain({ newSessionId, reason, padding }: Allow): boolean {
  return !newSessionId && !reason && !padding;
}

/** A copy; for a probe with a token as long as that of a user with many groups. It is none, and cannot be taken for one. */
function padded(headers: readonly string[], chars = 0): string[] {
  if (chars === 0) return [...headers];
  const token = ['X-authentik-jwt', 'x'.repeat(chars)];
  const at = headers.indexOf('X-authentik-jwt');
  return at < 0 ? [...headers, ...token] : headers.toSpliced(at, 2, ...token);
}

function withHeaders(headers: readonly string[]): AuthResponse {
  return { status: 200, headers, body: '' };
}

/** For a program that keeps cookies, so that its credential need not be verified again. */
function newSessionCookie({ application, subject, newSessionId }: Allow, now: number): readonly string[] {
  if (!newSessionId || !subject) return [];
  return ['Set-Cookie', setSessionCookie(application.config, newSessionId, subject.session.expiresAt - now)];
}
