/** `start`: sends a browser to the provider, unless it has just been there too often. */

import { loopPage } from '../pages/login.ts';
import { show } from '../pages/send.ts';
import { presentSessions } from './browser_sessions.ts';
import type { Outcome, Room, Visit } from './context.ts';
import { keepBrowser, readBrowser } from './login_cookie.ts';
import { LOOP_ROUNDS, LOOP_TIME } from './login_state.ts';
import { begin } from './redirect_to_provider.ts';
import { readRd, returnTo } from './return_url.ts';

export async function start(room: Room, visit: Visit): Promise<Outcome> {
  const { ctx, application } = visit;
  const rd = readRd(ctx.querystring);
  const target = returnTo(rd, application);
  const browser = readBrowser(ctx, application);
  const recent = browser.logins.filter((time) => Math.abs(room.now() - time) <= LOOP_TIME);
  if (recent.length >= LOOP_ROUNDS) {
    // Logged in again and again, and never with a session: its cookie does not come back.
    const present = await presentSessions(room.sessions, ctx, application);
    if (!present.some(({ session }) => session)) {
      keepBrowser(ctx, { ...browser, logins: [] });
      return show(ctx, loopPage(application, target), 'loop');
    }
  }
  return {
    detail: otherScheme(rd, application.external_host),
    ...(await begin(room, visit, { returnTo: target, round: 1, browser })),
  };
}

/** A proxy behind another one that ends TLS sees http: the way back is then dropped for its scheme, and nothing else tells why. */
function otherScheme(rd: string | undefined, externalHost: string): string | undefined {
  const [scheme, rest] = externalHost.split('://') as [string, string];
  const other = scheme === 'https' ? 'http' : 'https';
  if (!rd?.toLowerCase().startsWith(`${other}://${rest}`)) return undefined;
  return `the proxy says ${other} where external_host says ${scheme}: the way back is lost`;
}
