/** Where to sign out at the provider (OpenID Connect RP-Initiated Logout 1.0). */
import { buildEndSessionUrl, type Configuration } from 'openid-client';
import type { ProviderContext } from './context.ts';
import type { SignedOutSession } from './provider.ts';

/**
 * Entra, Okta and IIS refuse a longer one, and the user would stay signed in there: the ID token of somebody with many
 * groups alone has more.
 */
const MAX_URL_CHARS = 2047;

/**
 * @returns `undefined` where the provider has no such endpoint
 * @throws ProviderUnavailable
 */
export async function endSessionUrl(
  { application, client, discovery }: ProviderContext,
  session: SignedOutSession,
): Promise<string | undefined> {
  const { metadata } = await discovery.metadata();
  if (!metadata.end_session_endpoint) return undefined;
  const { post_logout_redirect_uri: back } = application;
  return client.buildUrl((configuration) =>
    shortest(configuration, session, back ? { post_logout_redirect_uri: back } : {}),
  );
}

/**
 * The first that is short enough: with the ID token; with the client and who the user is (section 2, `logout_hint`);
 * with the client alone, which openid-client adds to each.
 */
function shortest(
  configuration: Configuration,
  { idToken, user }: SignedOutSession,
  back: Record<string, string>,
): URL {
  const hint = user.username || user.email || user.uid;
  const candidates: Record<string, string>[] = idToken ? [{ id_token_hint: idToken }, { logout_hint: hint }, {}] : [{}];
  const urls = candidates.map((parameters) => buildEndSessionUrl(configuration, { ...parameters, ...back }));
  return urls.find(({ href }) => href.length <= MAX_URL_CHARS) ?? buildEndSessionUrl(configuration, back);
}
