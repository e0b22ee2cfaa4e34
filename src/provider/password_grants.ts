/** User name and password of a program for an identity: authentik's app passwords, or the password grant. */
import { clientCredentialsGrant, genericGrantRequest, type TokenEndpointResponse } from 'openid-client';
import { CredentialsRefused, GrantNotOffered } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { ProviderContext } from './context.ts';
import { identityFromTokens, verifiedIdToken } from './identity_from_tokens.ts';
import { ClientRejected, withoutDescription } from './map_errors.ts';

const fold = (text: unknown) => (typeof text === 'string' ? text.normalize('NFC').toLowerCase() : undefined);

/**
 * The attack: a provider that does not look at `username` vouches for its own service account, and any password opens
 * the door under any name. So the ID token must name the user that was asked for.
 */
async function assertSameUser(
  context: ProviderContext,
  tokens: TokenEndpointResponse,
  username: string,
): Promise<Identity> {
  const claims = await verifiedIdToken(context, tokens);
  const wanted = fold(username);
  if (wanted === '' || ![claims.preferred_username, claims.email].some((name) => fold(name) === wanted)) {
    throw new CredentialsRefused('the provider vouched for another user');
  }
  // A program sends its password again; a refresh token that nobody asked for is dropped.
  return { ...(await identityFromTokens(context, tokens, claims)), refreshToken: undefined };
}

const scope = ({ application }: ProviderContext) =>
  application.scopes.filter((one) => one !== 'offline_access').join(' ');

/**
 * The client credentials grant with user name and app password, as authentik takes them, and without the client's
 * secret: with it, a provider would answer for the client itself, whatever the user name and password are.
 */
export async function verifyAppPassword(
  context: ProviderContext,
  username: string,
  password: string,
): Promise<Identity> {
  const form = { username, password, scope: scope(context) };
  const asked = context.client.requestWithoutSecret((configuration) => clientCredentialsGrant(configuration, form));
  // Most providers have no app passwords and say so of the client. An application with a Basic login of its own must
  // not end in a 503 for it: whatever the header holds, it is not ours.
  const tokens = await asked.catch((error: unknown) => {
    const told = withoutDescription(error);
    throw told instanceof ClientRejected ? new GrantNotOffered(told.cause) : told;
  });
  return assertSameUser(context, tokens, username);
}

/** The resource owner password grant (RFC 6749 section 4.3), as this client. */
export async function verifyPassword(context: ProviderContext, username: string, secret: string): Promise<Identity> {
  const form = { username, password: secret, scope: scope(context) };
  const asked = context.client.request((configuration) => genericGrantRequest(configuration, 'password', form));
  const tokens = await asked.catch((error: unknown) => {
    throw withoutDescription(error);
  });
  return assertSameUser(context, tokens, username);
}
