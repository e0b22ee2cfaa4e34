/**
 * Starts a login, or one more attempt of it: redirects the browser to the provider (OpenID Connect Core section
 * 3.1.2.1).
 */
import { redirectUri } from '../endpoints.ts';
import { writeAddress } from './address_cookies.ts';
import type { BrowserRequest, Outcome, SigninContext } from './context.ts';
import { type LoginCookie, writeLoginCookie } from './login_cookie.ts';
import type { NewLogin } from './login_state.ts';
import { respondWithRedirect } from './respond.ts';

/**
 * @param replaced the slot of the address of an attempt that this one takes the place of
 * @throws ProviderUnavailable
 */
export async function redirectToProvider(
  context: SigninContext,
  { ctx, application, provider }: BrowserRequest,
  login: NewLogin,
  loginCookie: LoginCookie,
  replaced?: number,
): Promise<Outcome> {
  const { state, nonce, codeVerifier, address } = context.loginStates.create(application.slug, loginCookie.id, login);
  const authorizationRequest = { redirectUri: redirectUri(application), state, nonce, codeVerifier };
  const url = await provider.authorizationUrl(authorizationRequest);
  await writeLoginCookie(ctx, loginCookie);
  if (address !== undefined) writeAddress(ctx, application, { sealed: address, now: context.now(), replaced });
  return respondWithRedirect(ctx, url, login.attempt === 1 ? 'to_provider' : 'started_afresh');
}
