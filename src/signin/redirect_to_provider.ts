/** Begins a login, or one more attempt of it: on to the provider. */
import { causeOf, ProviderUnavailable } from '../errors.ts';
import { providerUnavailablePage } from '../pages/errors.ts';
import { redirect } from '../pages/send.ts';
import type { BrowserRequest, Outcome, SigninContext } from './context.ts';
import { type LoginCookie, readLoginCookie, writeLoginCookie } from './login_cookie.ts';
import { respondWithPage } from './respond.ts';

/** The redirect URI that the provider knows, the same for every host of a `forward_domain`. */
export function redirectUriOf({ external_host }: { external_host: string }): string {
  return `${external_host}/outpost.goauthentik.io/callback?X-authentik-auth-callback=true`;
}

export interface LoginStart {
  returnTo: string;
  attempt: number;
  /** When the first attempt began, where this is not it. */
  firstStartedAt?: number;
  browser?: LoginCookie;
}

export async function redirectToProvider(
  context: SigninContext,
  request: BrowserRequest,
  beginning: LoginStart,
): Promise<Outcome> {
  const { ctx, application, provider } = request;
  const { browser = readLoginCookie(ctx, application), ...about } = beginning;
  const { state, nonce, codeVerifier } = context.loginStates.create(application.slug, browser.id, about);
  try {
    const redirectUri = redirectUriOf(application);
    const url = await provider.authorizationUrl({ redirectUri, state, nonce, codeVerifier });
    writeLoginCookie(ctx, browser);
    redirect(ctx, url);
    return { outcome: about.attempt === 1 ? 'to_provider' : 'started_afresh', reason: undefined };
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    return respondWithPage(
      ctx,
      providerUnavailablePage(application, about.returnTo),
      'provider_unavailable',
      causeOf(error),
    );
  }
}
