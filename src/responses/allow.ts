/** The 200 of an allowed request. The headers of a session are rendered once and kept as long as its cached copy. */
import type { Application } from '../decision/application.ts';
import type { Allow } from '../decision/decision.ts';
import type { LiveSession, Session } from '../sessions/session.ts';
import { setSessionCookie } from '../sessions/session_cookie.ts';
import { NO_STORE } from './deny.ts';
import { identityHeaders } from './identity_headers.ts';
import type { AuthResponse, RenderOptions, ResponseContext } from './response.ts';
import { upstreamAuthorization } from './upstream_authorization.ts';
import { upstreamCookie } from './upstream_cookie.ts';

interface RenderedHeaders {
  /** What was known of the provider's keys at the time. */
  jwksUri: string;
  headers: readonly string[];
  authorization: string | undefined;
  /** The last response that depended on nothing but these headers and the client's `Cookie`: a client repeats its cookies. */
  last: { sent: string | undefined; removeHeadersVia: string | undefined; response: AuthResponse } | undefined;
}

/** Characters of a `Cookie` that is kept beside a session. Attack: with longer ones, sessions would fill the memory. */
const MAX_KEPT_COOKIE = 4096;
/** Responses that are kept, of about 2 kB each; with more sessions than that in turn the oldest is made again. */
const MAX_KEPT = 4000;

export function createAllow(
  options: RenderOptions,
  maxKept = MAX_KEPT,
): (decision: Allow, context: ResponseContext) => AuthResponse {
  /** A hundred requests of a page cost one rendering; it goes with the cached session, or application, behind it. */
  const cache = new WeakMap<LiveSession | Application, RenderedHeaders>();
  const keep = createKeeper(maxKept);

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
    const headers: string[] = [...NO_STORE];
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
    return { jwksUri, headers, authorization, last: undefined };
  }

  return (decision, context) => {
    const rendered = renderOnce(decision.application, decision.subject);
    const { request, capabilities } = context;
    const sent = request?.headers.cookie;
    const { removeHeadersVia } = capabilities;
    const { last } = rendered;
    const isOrdinary = isPlain(decision) && (removeHeadersVia === undefined || request?.authorization === undefined);
    // The same response for every such request of a session.
    const isSame = last !== undefined && last.sent === sent && last.removeHeadersVia === removeHeadersVia;
    if (isOrdinary && isSame) return last.response;
    const headers = headersOf(decision, context, rendered);
    if (!isOrdinary || (sent?.length ?? 0) > MAX_KEPT_COOKIE) return { status: 200, headers, body: '' };
    const response: AuthResponse = { status: 200, headers, body: '', repeated: true };
    keep(rendered, { sent, removeHeadersVia, response });
    return response;
  };

  function headersOf(decision: Allow, context: ResponseContext, rendered: RenderedHeaders): readonly string[] {
    const authorization = rendered.authorization ?? decision.authorization;
    // Gatepost itself is the upstream of its own endpoints: a login would not find its cookie.
    const sent = context.request?.headers.cookie;
    const cookie = decision.ownEndpoint ? sent : upstreamCookie(sent, decision.application.cookies);
    const headers = padded(rendered.headers, decision.padding);
    if (authorization !== undefined) headers.push('Authorization', authorization);
    if (cookie !== undefined) headers.push('Cookie', cookie);
    headers.push(...removedHeaders(context, authorization, cookie));
    if (decision.reason) headers.push('X-Gatepost-Reason', decision.reason);
    headers.push(...newSessionCookie(decision, options.now()));
    return headers;
  }
}

/** Keeps the last response of as many sessions and applications as `max`; a new one takes the place of the oldest. */
function createKeeper(max: number) {
  /** Weak: a session that has ended goes with its tokens. */
  const holders: WeakRef<RenderedHeaders>[] = [];
  let oldest = 0;
  return (holder: RenderedHeaders, last: NonNullable<RenderedHeaders['last']>): void => {
    if (holder.last === undefined) {
      const gone = holders[oldest]?.deref();
      if (gone !== undefined) gone.last = undefined;
      holders[oldest] = new WeakRef(holder);
      oldest = (oldest + 1) % max;
    }
    holder.last = last;
  };
}

/** For a proxy that passes on the client's own header where the response has none: the header that says what to remove. */
function removedHeaders(
  { request, capabilities: { removeHeadersVia } }: ResponseContext,
  authorization: string | undefined,
  cookie: string | undefined,
): readonly string[] {
  if (removeHeadersVia === undefined || request === undefined) return [];
  const consumed = authorization === undefined && request.authorization !== undefined;
  const emptied = cookie === undefined && request.headers.cookie !== undefined;
  if (!consumed && !emptied) return [];
  return [removeHeadersVia, consumed && emptied ? 'authorization,cookie' : consumed ? 'authorization' : 'cookie'];
}

/** Whether the response depends on the session, or application, and the client's `Cookie` alone. */
function isPlain({ newSessionId, reason, padding, ownEndpoint, authorization }: Allow): boolean {
  return !newSessionId && !reason && !padding && !ownEndpoint && authorization === undefined;
}

/** A copy; for a probe with a token as long as that of a user with many groups. It is none, and cannot be taken for one. */
function padded(headers: readonly string[], chars = 0): string[] {
  if (chars === 0) return [...headers];
  const token = ['X-authentik-jwt', 'x'.repeat(chars)];
  const at = headers.indexOf('X-authentik-jwt');
  return at < 0 ? [...headers, ...token] : headers.toSpliced(at, 2, ...token);
}

/** For a program that keeps cookies, so that its credential need not be verified again. */
function newSessionCookie({ application, subject, newSessionId }: Allow, now: number): readonly string[] {
  if (!newSessionId || !subject) return [];
  return ['Set-Cookie', setSessionCookie(application.config, newSessionId, subject.session.expiresAt - now)];
}
