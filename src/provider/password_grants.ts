/** A program's user name and password for an identity: authentik's app passwords, or the password grant. */
import { clientCredentialsGrant, genericGrantRequest, type TokenEndpointResponse } from 'openid-client';
import type { ClientResult } from './client.ts';
import { CLIENT_ADDRESS } from './client_address.ts';
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
  clientAddress?: string,
) => Promise<ClientResult<TokenEndpointResponse>>;

/**
 * Whether discovery lists the grants of the provider and this one is not among them (RFC 8414 section 2). Where there is
 * no list, nothing is said: the default would leave out what many providers have.
 */
async function isUnlisted({ discovery }: ProviderContext, grant: string): Promise<boolean> {
  const listed = (await discovery.metadata()).metadata.grant_types_supported;
  return Array.isArray(listed) && !listed.includes(grant);
}

const notOffered = (cause?: Error) =>
  rejected('grant_not_offered', 'the provider does not take user names and passwords for this client', cause);

/**
 * Most providers have no app passwords, and many no password grant; they reject the client for it. An application with a
 * Basic login of its own must not end in a 503: the header is then for the application.
 */
async function orNotOffered<T>(send: () => Promise<ClientResult<T>>): Promise<ClientResult<T>> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof ClientRejected) return notOffered(error);
    throw error;
  }
}

/**
 * The client credentials grant with user name and app password, as authentik takes them, and without the client's
 * secret: with it, a provider would answer for the client itself, whatever the user name and password are.
 * @returns hand the result to `processPasswordResponse`; `grant_not_offered` where the provider does not take the
 * client without its secret, or does not list the grant
 * @throws ProviderUnavailable
 */
export const appPasswordRequest: PasswordGrant = (context, username, password, clientAddress = '') => {
  const isTold = context.application.managed !== undefined && clientAddress !== '';
  const form = {
    username,
    password,
    scope: scopeOf(context),
    ...(isTold && { [CLIENT_ADDRESS]: clientAddress }),
  };
  return orNotOffered(async () => {
    if (await isUnlisted(context, 'client_credentials')) return notOffered();
    return context.client.request((configuration) => clientCredentialsGrant(configuration, form), {
      withoutSecret: true,
      withoutDescription: true,
      withoutReport: true,
    });
  });
};

/**
 * The resource owner password grant (RFC 6749 section 4.3), with client authentication. The operator has chosen it, so
 * it is tried where discovery does not list it too; but then any error other than `invalid_grant` says that it is not
 * there.
 * @returns hand the result to `processPasswordResponse`; `grant_not_offered` where the provider does not take the client
 * with this grant
 * @throws ProviderUnavailable
 */
export const passwordRequest: PasswordGrant = (context, username, password) => {
  const form = { username, password, scope: scopeOf(context) };
  return orNotOffered(async () => {
    const result = await context.client.request(
      (configuration) => genericGrantRequest(configuration, 'password', form),
      { withoutDescription: true, withoutReport: true },
    );
    const isOtherError = result.kind === 'rejected' && result.reason === 'error_response';
    return isOtherError && (await isUnlisted(context, 'password')) ? notOffered(result.cause) : result;
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
