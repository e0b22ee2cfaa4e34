/** A program's user name and password for an identity: authentik's app passwords, or the password grant. */
import { clientCredentialsGrant, genericGrantRequest, type TokenEndpointResponse } from 'openid-client';
import type { ClientResult } from './client.ts';
import type { ProviderContext } from './context.ts';
import { identityFromTokens, verifyTokenResponse } from './identity_from_tokens.ts';
import { ClientRejected } from './map_errors.ts';
import type { IdentityResult } from './provider.ts';
import { rejected } from './rejection.ts';
import type { TokenClaims } from './token_checks.ts';

/** Sends a user name and a password to the token endpoint. */
type PasswordGrant = (
  context: ProviderContext,
  username: string,
  password: string,
) => Promise<ClientResult<TokenEndpointResponse>>;

/**
 * The client credentials grant with user name and app password, as authentik takes them, and without the client's
 * secret: with it, a provider would answer for the client itself, whatever the user name and password are.
 * @returns hand the result to `processPasswordResponse`; `grant_not_offered` where the provider does not take the
 * client without its secret
 * @throws ProviderUnavailable
 */
export const appPasswordRequest: PasswordGrant = async (context, username, password) => {
  const form = { username, password, scope: scopeOf(context) };
  try {
    return await context.client.request((configuration) => clientCredentialsGrant(configuration, form), {
      withoutSecret: true,
      withoutDescription: true,
    });
  } catch (error) {
    if (!(error instanceof ClientRejected)) throw error;
    // Most providers have no app passwords, and reject the client for it. An application with a Basic login of its own
    // must not end in a 503: the header is then for the application.
    const message = 'the provider does not take user names and passwords for this client';
    return rejected('grant_not_offered', message, error);
  }
};

/**
 * The resource owner password grant (RFC 6749 section 4.3), with client authentication.
 * @returns hand the result to `processPasswordResponse`
 * @throws ProviderUnavailable
 */
export const passwordRequest: PasswordGrant = async (context, username, password) => {
  const form = { username, password, scope: scopeOf(context) };
  return context.client.request((configuration) => genericGrantRequest(configuration, 'password', form), {
    withoutDescription: true,
  });
};

/**
 * Verifies the ID token of a response and that it names the user, and reads the identity.
 * Attack: a provider that does not look at `username` vouches for its own service account, and any password would open
 * the application under any name.
 * @param username the user name that was sent
 * @throws ProviderUnavailable
 */
export async function processPasswordResponse(
  context: ProviderContext,
  result: ClientResult<TokenEndpointResponse>,
  username: string,
): Promise<IdentityResult> {
  if (result.kind === 'rejected') return result;
  const idToken = await verifyTokenResponse(context, result.response);
  if (idToken.kind === 'rejected') return idToken;
  if (!namesUser(idToken.claims, username)) return rejected('wrong_user', 'the provider vouched for another user');
  const identity = await identityFromTokens(context, result.response, idToken.claims);
  // A program sends its password again, so that a refresh token would never be used.
  return { kind: 'verified', identity: { ...identity, refreshToken: undefined } };
}

/** Whether claims name a user, by user name or e-mail address, in any letter case. Pure. */
function namesUser({ preferred_username, email }: TokenClaims, username: string): boolean {
  const wanted = fold(username);
  return wanted !== '' && [preferred_username, email].some((name) => fold(name) === wanted);
}

function fold(text: unknown): string | undefined {
  return typeof text === 'string' ? text.normalize('NFC').toLowerCase() : undefined;
}

/** A program needs no refresh token. */
function scopeOf({ application }: ProviderContext): string {
  return application.scopes.filter((scope) => scope !== 'offline_access').join(' ');
}
