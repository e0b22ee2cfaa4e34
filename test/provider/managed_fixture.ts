/** A provider as authentik describes it in outpost mode, whose endpoints answer with tokens that a test has made. */
import type { IncomingHttpHeaders } from 'node:http';
import { SignJWT } from 'jose';
import type { ManagedMetadata, ManagedProvider } from '../../src/config/managed.ts';
import type { ApplicationConfig } from '../../src/config/schema/config.ts';
import type { TestProvider } from '../support/provider.ts';
import { attempt, connect, redirectUri } from './fixture.ts';

export const PUBLIC_ORIGIN = 'https://login.example.test';
/** The rewritten issuer. */
export const ISSUER = `${PUBLIC_ORIGIN}/application/o/grafana/`;
/** As authentik's API says it. */
export const ownIssuer = ({ issuer }: TestProvider) => `${issuer}/application/o/grafana/`;
export const STRANGER = 'https://stranger.example.test/application/o/grafana/';

export const SECRET = 'a secret of the client, longer than 32 characters';

export function managedBy(provider: TestProvider, changes: Partial<ManagedMetadata> = {}): ManagedProvider {
  const { issuer: origin } = provider;
  return {
    pk: 7,
    metadata: {
      issuer: ISSUER,
      authorization_endpoint: `${PUBLIC_ORIGIN}/application/o/authorize/`,
      end_session_endpoint: `${ISSUER}end-session/`,
      token_endpoint: `${origin}/token`,
      introspection_endpoint: `${origin}/token/introspection`,
      userinfo_endpoint: `${origin}/me`,
      jwks_uri: `${origin}/jwks`,
      id_token_signing_alg_values_supported: ['RS256'],
      ...changes,
    },
    issuers: [ISSUER, ownIssuer(provider)],
    access: { origin, insecure: false, publicOrigin: PUBLIC_ORIGIN },
  };
}

export function connectManaged(
  provider: TestProvider,
  metadata: Partial<ManagedMetadata> = {},
  changes: Partial<ApplicationConfig> = {},
) {
  const managed = managedBy(provider, metadata);
  return connect(provider, { issuer: ISSUER, managed, client_secret: SECRET, ...changes });
}

/** All that a user needs; nothing is left for userinfo. */
export function claimsOf(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: ISSUER,
    aud: 'grafana',
    sub: 'u-alice',
    sid: 'sid-1',
    iat: now,
    exp: now + 300,
    nonce: attempt.nonce,
    preferred_username: 'alice',
    name: 'Alice',
    email: 'alice@example.com',
    groups: ['staff'],
    entitlements: [],
    ak_proxy: { user_attributes: {} },
    ...changes,
  };
}

export const signBySecret = (claims: Record<string, unknown>, secret: string | Uint8Array = SECRET, alg = 'HS256') =>
  new SignJWT(claims)
    .setProtectedHeader({ alg })
    .sign(typeof secret === 'string' ? new TextEncoder().encode(secret) : secret);

/** The token endpoint answers with this ID token from now on; notes how it was asked. */
export function answerTokens(provider: TestProvider, id_token: string, more: Record<string, unknown> = {}) {
  const seen: { form: URLSearchParams; headers: IncomingHttpHeaders }[] = [];
  provider.stand('token', (form, headers) => {
    seen.push({ form, headers });
    return { body: { token_type: 'Bearer', access_token: 'opaque', expires_in: 300, id_token, ...more } };
  });
  return seen;
}

/** The callback of a login. */
export const callbackUrl = (parameters: Record<string, string> = {}) => {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries({ code: 'a-code', state: attempt.state, ...parameters }))
    url.searchParams.set(name, value);
  return url;
};
