/**
 * `session`: the visitor's own page. It shows who they are here and their other sessions, and ends those by a button. A
 * visitor who is not signed in is sent to the login, and comes back.
 */
import { endpointPath, isHttps, startUrl } from '../endpoints.ts';
import { singleParam } from '../http/query.ts';
import { isNavigation, prefersJson } from '../http/request_kind.ts';
import { displayName } from '../identity.ts';
import { ALL_OTHERS, sessionPage } from '../pages/session.ts';
import { findByCookie, type SessionLookup } from '../sessions/find_by_cookie.ts';
import type { Refusal } from '../sessions/refusals.ts';
import type { LiveSession } from '../sessions/session.ts';
import { sessionCookieName } from '../sessions/session_cookie.ts';
import type { BrowserRequest, Outcome, SigninContext } from './context.ts';
import { respondWithJson, respondWithPage, respondWithRedirect } from './respond.ts';
import { isDeliberatePost } from './sign_out_request.ts';

export async function session(context: SigninContext, request: BrowserRequest): Promise<Outcome> {
  const { ctx, application } = request;
  const cookie = sessionCookieName(application);
  const found = await findByCookie(context.sessions, { cookie, slug: application.slug }, ctx.req.headers.cookie);
  if (found === undefined || found === 'expired') return askToSignIn(request, found);
  if (ctx.method === 'POST') return endOthers(context, request, found);
  return isForPerson(request) ? show(context, request, found) : showFacts(context, request, found);
}

/** Where this page is: on each host of a domain, as its visitor asked for it. */
function ownUrl({ application, host }: BrowserRequest): string {
  const { external_host, mode } = application;
  const scheme = isHttps(application) ? 'https' : 'http';
  return (mode === 'forward_domain' ? `${scheme}://${host}` : external_host) + endpointPath('session');
}

function askToSignIn(request: BrowserRequest, found: Exclude<SessionLookup, LiveSession>): Outcome {
  const { ctx, application } = request;
  const { method, headers } = ctx;
  const loginUrl = startUrl(application, ownUrl(request));
  if (isNavigation({ method, headers })) return respondWithRedirect(ctx, loginUrl, 'to_login');
  const error = found === 'expired' ? 'session_expired' : 'no_credentials';
  const description = `log in at ${loginUrl}`;
  return respondWithJson(ctx, { status: 401, reason: error, error, description, login_url: loginUrl }, 'not_signed_in');
}

/**
 * Attack: the pages of the application come from the same host, and a script in one of them (the application's own, or
 * somebody else's) would read which other applications the visitor uses, from where and with what. So a script gets what
 * the application knows anyway.
 */
function isForPerson({ ctx }: BrowserRequest): boolean {
  const destination = ctx.headers['sec-fetch-dest'];
  return (destination === undefined || destination === 'document') && !prefersJson(ctx);
}

type Notice = 'gone' | 'foreign';

async function show(
  context: SigninContext,
  request: BrowserRequest,
  { key, session }: LiveSession,
  notice?: Notice,
): Promise<Outcome> {
  const { sessions, config } = context;
  const [refusal, own] = await Promise.all([sessions.lastRefusal(key), sessions.directory.ofUser(session)]);
  const page = sessionPage({
    application: request.application,
    person: session,
    since: session.startedBy?.at ?? session.createdAt,
    until: session.expiresAt,
    refusal,
    others: own.filter((one) => one.key !== key),
    nameOf: (slug) => config.applications.find((one) => one.slug === slug)?.name ?? slug,
    notice,
  });
  // Attack: a script that opens this page in a window of its own would read it there.
  request.ctx.set('Cross-Origin-Opener-Policy', 'same-origin');
  const outcome = notice === undefined ? 'session_shown' : `not_ended_${notice}`;
  return { ...respondWithPage(request, page, outcome), user: displayName(session) };
}

const describeRefusal = ({ at, address, reason }: Refusal) => ({ at: new Date(at).toISOString(), address, reason });

/** For a program: the visitor's own facts, and no other session. Times are ISO 8601. */
async function showFacts(
  { sessions }: SigninContext,
  { ctx, application }: BrowserRequest,
  { key, session }: LiveSession,
): Promise<Outcome> {
  const { name, email, groups } = session.user;
  const refusal = await sessions.lastRefusal(key);
  ctx.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
  ctx.body = {
    user: displayName(session),
    name,
    email,
    groups,
    application: application.slug,
    since: new Date(session.startedBy?.at ?? session.createdAt).toISOString(),
    until: new Date(session.expiresAt).toISOString(),
    last_refused: refusal === undefined ? null : describeRefusal(refusal),
  };
  return { outcome: 'session_shown', reason: undefined, user: displayName(session) };
}

/**
 * Attack: a page of another site posts this form for its visitor; a script of the application does. And an id of
 * somebody else's session: it is looked for among the visitor's own, and whether there is such a session nobody learns.
 */
async function endOthers(context: SigninContext, request: BrowserRequest, live: LiveSession): Promise<Outcome> {
  const { ctx, host, application } = request;
  const { method, headers } = ctx;
  if (!isDeliberatePost({ method, headers, host, application })) return show(context, request, live, 'foreign');
  const { directory } = context.sessions;
  const wanted = singleParam(ctx.querystring, 'end');
  const others = (await directory.ofUser(live.session)).filter(({ key }) => key !== live.key);
  const ending = wanted === ALL_OTHERS ? others : others.filter(({ id }) => id === wanted);
  if (ending.length === 0) return show(context, request, live, 'gone');
  await directory.end(ending.map(({ key }) => key));
  return respondWithRedirect(ctx, ownUrl(request), 'session_ended', displayName(live.session));
}
