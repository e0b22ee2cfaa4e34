/** `callback`: the browser comes back from the provider. It never ends here: on to the application, or afresh, or a page that says why not. */
import { CredentialsRefused, causeOf, ProviderUnavailable } from '../errors.ts';
import { singleParam } from '../http/query.ts';
import { clientRefusedPage, loginFailedPage, loopPage, providerDownPage } from '../pages/login.ts';
import { redirect, show } from '../pages/send.ts';
import { ClientRejected, CodeRejected, readDescription } from '../provider/index.ts';
import { type Present, presentSessions } from './browser_sessions.ts';
import { complete } from './complete.ts';
import type { Outcome, Room, Visit } from './context.ts';
import { type Browser, readBrowser } from './login_cookie.ts';
import { type Attempt, LOOP_ROUNDS, LOOP_TIME, type Opened } from './login_state.ts';
import { begin, redirectUriOf } from './redirect_to_provider.ts';

type Good = Extract<Opened, { kind: 'good' }>;

export async function callback(room: Room, visit: Visit): Promise<Outcome> {
  const { ctx, application } = visit;
  const browser = readBrowser(ctx, application);
  const state = singleParam(ctx, 'state');
  const opened = room.attempts.open(application.slug, browser.known ? browser.id : undefined, state);
  const present = await presentSessions(room.sessions, ctx, application);
  const error = singleParam(ctx, 'error');
  if (opened.kind !== 'good') return withoutAttempt(room, visit, opened, present, browser);
  // Another tab of this browser was faster: the code need not be spent.
  if (present.some(({ session }) => session && session.createdAt >= opened.attempt.at)) {
    return toApplication(visit, opened.attempt.returnTo);
  }
  if (error !== undefined) return refused(visit, opened.attempt, error, singleParam(ctx, 'error_description'));
  if (singleParam(ctx, 'code') === undefined) return withoutAttempt(room, visit, opened, present, browser);
  return exchange(room, visit, opened, present, browser);
}

function toApplication({ ctx }: Visit, url: string): Outcome {
  redirect(ctx, url);
  return { outcome: 'already_signed_in', reason: undefined };
}

/** A code that is spent, a state that is too old or belongs elsewhere: with a session to the application, else one more round. */
function withoutAttempt(
  room: Room,
  visit: Visit,
  opened: Opened,
  present: Present[],
  browser: Browser,
): Outcome | Promise<Outcome> {
  const { ctx, application } = visit;
  const attempt = opened.kind === 'foreign' ? undefined : opened.attempt;
  const returnTo = attempt?.returnTo ?? new URL(application.external_host).href;
  if (present.some(({ session }) => session)) return toApplication(visit, returnTo);
  const first = attempt?.first ?? room.now();
  const recent = Math.abs(room.now() - first) <= LOOP_TIME;
  const round = recent ? (attempt?.round ?? (opened as { round: number }).round) : 0;
  if (round >= LOOP_ROUNDS) return show(ctx, loopPage(application, returnTo), 'loop');
  return begin(room, visit, { returnTo, round: round + 1, ...(recent && { first }), browser });
}

async function exchange(
  room: Room,
  visit: Visit,
  { attempt, proof, ...opened }: Good,
  present: Present[],
  browser: Browser,
): Promise<Outcome> {
  const { ctx, application, provider } = visit;
  const redirectUri = redirectUriOf(application);
  const url = new URL(`${redirectUri.split('?')[0]}?${ctx.querystring}`);
  const asked = room.now();
  try {
    const identity = await provider.exchangeCode(url, {
      redirectUri,
      state: singleParam(ctx, 'state') ?? '',
      ...proof,
    });
    return await complete(room, visit, { identity, asked, attempt, present, browser });
  } catch (error) {
    if (error instanceof CodeRejected) {
      return withoutAttempt(room, visit, { ...opened, kind: 'stale', attempt }, present, browser);
    }
    if (error instanceof CredentialsRefused) return untrusted(visit, attempt, error);
    if (error instanceof ProviderUnavailable) return unavailable(visit, attempt, error);
    throw error;
  }
}

function unavailable({ ctx, application }: Visit, { returnTo }: Attempt, error: ProviderUnavailable): Outcome {
  const page = (error instanceof ClientRejected ? clientRefusedPage : providerDownPage)(application, returnTo);
  return show(ctx, page, 'provider_unavailable', causeOf(error));
}

/** The provider's answer did not pass a check: nothing of it is believed. */
function untrusted({ ctx, application }: Visit, { returnTo }: Attempt, error: CredentialsRefused): Outcome {
  const cause = error.cause instanceof Error ? error.cause : error;
  // openid-client's code for an `exp`, `iat` or `nbf` that cannot be: the clock of one of the two is wrong.
  const late = (cause as { code?: unknown }).code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED';
  const says = late
    ? 'The login provider sent an answer that is too old or from the future: the clock of its server or of this one is wrong.'
    : 'The login provider sent an answer that does not fit the login that you began, so it was not believed.';
  const code = late ? 'wrong_clock' : 'invalid_answer';
  const detail = `${cause.name}: ${cause.message}${late ? '; compare the clocks of this machine and of the provider' : ''}`;
  return show(ctx, loginFailedPage(application, returnTo, { says, code, status: 400 }), 'failed', detail);
}

/** Error answers of the authorization endpoint (RFC 6749 section 4.1.2.1). */
function refused({ ctx, application }: Visit, { returnTo }: Attempt, error: string, description?: string): Outcome {
  if (error === 'temporarily_unavailable' || error === 'server_error') {
    return show(ctx, providerDownPage(application, returnTo), 'provider_unavailable', error);
  }
  // Anybody can write a link with any text in it: only a word of the protocol's alphabet is shown.
  const code = /^[a-z_]{1,40}$/.test(error) ? error : 'unknown_error';
  const says =
    code === 'access_denied'
      ? 'The login was cancelled, or the login provider does not let this account in.'
      : 'The login provider did not complete the login.';
  const words = readDescription(description);
  const detail = words === undefined ? code : `${code}: ${words}`;
  return show(ctx, loginFailedPage(application, returnTo, { says, code, status: 403 }), 'failed', detail);
}
