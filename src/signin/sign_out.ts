/** `sign_out`: ends every session of the user on this outpost before it answers, and goes on to the provider. */
import { ProviderUnavailable } from '../errors.ts';
import { clearSessionCookie } from '../sessions/cookie.ts';
import type { Session } from '../sessions/session.ts';
import { redirect, show } from './answer.ts';
import { keepBrowser, readBrowser } from './binding.ts';
import { signedOutPage } from './pages.ts';
import { presentSessions } from './present.ts';
import type { Outcome, Room, Visit } from './room.ts';

export async function signOut(room: Room, visit: Visit): Promise<Outcome> {
  const { ctx, application } = visit;
  const present = await presentSessions(room.sessions, ctx, application);
  await Promise.all(
    present.map(async ({ id, session }) => {
      if (session) await room.sessions.endUser(session.issuer, session.sub);
      await room.sessions.end(id);
    }),
  );
  ctx.append('Set-Cookie', clearSessionCookie(application));
  // Logins that were meant to be ended are no loop.
  const browser = readBrowser(ctx, application);
  if (browser.known && browser.logins.length > 0) keepBrowser(ctx, { ...browser, logins: [] });
  const session = present.find((one) => one.session)?.session;
  const user = session && (session.user.username || session.sub);
  const url = session?.idToken ? await endSessionUrl(visit, session) : undefined;
  if (url === undefined) return { ...show(ctx, signedOutPage(application, session !== undefined), 'signed_out'), user };
  redirect(ctx, url);
  return { outcome: 'signed_out', reason: undefined, user };
}

/** A provider that is away must not keep anybody signed in here. */
async function endSessionUrl({ provider }: Visit, session: Session): Promise<string | undefined> {
  try {
    return await provider.endSessionUrl(session.idToken);
  } catch (error) {
    if (error instanceof ProviderUnavailable) return undefined;
    throw error;
  }
}
