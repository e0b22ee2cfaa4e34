/** Begins a login, or one more round of it: on to the provider. */
import { causeOf, ProviderUnavailable } from '../errors.ts';
import { providerDownPage } from '../pages/login.ts';
import { redirect, show } from '../pages/send.ts';
import type { Outcome, Room, Visit } from './context.ts';
import { type Browser, keepBrowser, readBrowser } from './login_cookie.ts';

/** The redirect URI that the provider knows, the same for every host of a `forward_domain`. */
export function redirectUriOf({ external_host }: { external_host: string }): string {
  return `${external_host}/outpost.goauthentik.io/callback?X-authentik-auth-callback=true`;
}

export interface Beginning {
  returnTo: string;
  round: number;
  /** When the first round began, where this is not it. */
  first?: number;
  browser?: Browser;
}

export async function begin(room: Room, visit: Visit, beginning: Beginning): Promise<Outcome> {
  const { ctx, application, provider } = visit;
  const { browser = readBrowser(ctx, application), ...about } = beginning;
  const { state, nonce, codeVerifier } = room.attempts.begin(application.slug, browser.id, about);
  try {
    const redirectUri = redirectUriOf(application);
    const url = await provider.authorizationUrl({ redirectUri, state, nonce, codeVerifier });
    keepBrowser(ctx, browser);
    redirect(ctx, url);
    return { outcome: about.round === 1 ? 'to_provider' : 'started_afresh', reason: undefined };
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    return show(ctx, providerDownPage(application, about.returnTo), 'provider_unavailable', causeOf(error));
  }
}
