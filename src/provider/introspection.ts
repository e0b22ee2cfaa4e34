/** Asks the provider about a token that we cannot read (RFC 7662). */
import { type IntrospectionResponse, tokenIntrospection } from 'openid-client';
import { CredentialsRefused } from '../errors.ts';
import type { ProviderContext } from './context.ts';
import type { TokenClaims } from './token_checks.ts';

/** Seconds for which an answer without `exp` is believed. */
const DEFAULT_LIFETIME_SECONDS = 60;

/** RFC 6750 section 2.1: what is no such text is no token, and the provider need not be asked. */
const TOKEN_SYNTAX = /^[\w\-.~+/]+=*$/;

/** The attack: every client's token is "active". It must have been issued for this client, or for a further audience of ours. */
function checkIsOurs({ application, discovery }: ProviderContext, answer: IntrospectionResponse) {
  const audiences = Array.isArray(answer.aud) ? answer.aud : [answer.aud];
  const accepted = [application.client_id, ...application.bearer_audiences];
  const ours = answer.client_id === application.client_id || audiences.some((one) => one && accepted.includes(one));
  if (!ours) throw new CredentialsRefused('the token is for another client');
  if (answer.iss !== undefined && answer.iss !== discovery.known?.metadata.issuer) {
    throw new CredentialsRefused('the token is from another issuer');
  }
}

/** The claims of an active access token of ours. Throws `CredentialsRefused` or `ProviderUnavailable`. */
export async function introspect(context: ProviderContext, token: string): Promise<TokenClaims> {
  const { metadata } = await context.discovery.metadata();
  // Section 2.1 wants the caller authenticated; a client without a secret cannot be.
  if (
    !metadata.introspection_endpoint ||
    context.application.client_secret === undefined ||
    !TOKEN_SYNTAX.test(token)
  ) {
    throw new CredentialsRefused('the token cannot be read');
  }
  const hint = { token_type_hint: 'access_token' };
  const answer = await context.client.request((configuration) => tokenIntrospection(configuration, token, hint));
  if (answer.active !== true) throw new CredentialsRefused('the token is not active');
  checkIsOurs(context, answer);
  // A refresh token is active too; RFC 7662 names the kind in `token_type`, Keycloak in `typ`.
  const kind = answer.token_type ?? answer.typ ?? 'Bearer';
  if (String(kind).toLowerCase() !== 'bearer') throw new CredentialsRefused('the token is of another kind');
  if ('cnf' in answer) throw new CredentialsRefused('the token is bound to a key');
  const seconds = context.now() / 1000;
  const exp = answer.exp ?? seconds + DEFAULT_LIFETIME_SECONDS;
  if (exp <= seconds) throw new CredentialsRefused('the token has expired');
  // RFC 9068 section 2.2: the subject of a client that acts for itself is the client.
  const sub = answer.sub ?? answer.client_id;
  if (!sub) throw new CredentialsRefused('the token names nobody');
  // `username` is RFC 7662's name of it.
  const name = answer.preferred_username ?? answer.username;
  return { ...(answer as Record<string, unknown>), sub, exp, ...(name !== undefined && { preferred_username: name }) };
}
