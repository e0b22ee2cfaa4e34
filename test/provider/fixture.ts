/** A `Provider` over a real OpenID provider, and the browser's part of a login. */
import { expect } from 'vitest';
import type { ApplicationConfig } from '../../src/config/schema/config.ts';
import type { Identity } from '../../src/identity.ts';
import { createEvents, type LogEvent } from '../../src/observe/events.ts';
import type { IdentityResult, Provider, Rejection, RejectionReason } from '../../src/provider/index.ts';
import { createProviders } from '../../src/provider/providers.ts';
import { makeApplication } from '../support/application.ts';
import { createBrowser } from '../support/browser.ts';
import type { TestProvider } from '../support/provider.ts';

export const redirectUri = 'https://grafana.example.com/outpost.goauthentik.io/callback?X-authentik-auth-callback=true';

export const clients = [
  { client_id: 'grafana', client_secret: 'grafana-secret', redirect_uris: [redirectUri] },
  { client_id: 'jwt', client_secret: 'jwt-secret', redirect_uris: [redirectUri], access_tokens: 'authentik' as const },
  { client_id: 'rfc9068', client_secret: 's', redirect_uris: [redirectUri], access_tokens: 'jwt' as const },
  { client_id: 'public', redirect_uris: [redirectUri] },
  { client_id: 'other-client', client_secret: 'other-secret', redirect_uris: [redirectUri] },
  {
    client_id: 'post-only',
    client_secret: 'post-secret',
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: 'client_secret_post',
  },
  {
    client_id: 'hmac',
    client_secret: 'a secret of the client, longer than 32 characters',
    redirect_uris: [redirectUri],
    id_token_signed_response_alg: 'HS256',
  },
  {
    client_id: 'with-sid',
    client_secret: 'sid-secret',
    redirect_uris: [redirectUri],
    backchannel_logout_uri: 'http://127.0.0.1:9/logout',
  },
];

/** A provider as one application sees it, with the events that it logged. */
export function connect(
  { issuer }: Pick<TestProvider, 'issuer'>,
  changes: Partial<ApplicationConfig> = {},
  now: () => number = Date.now,
  /** Time that passes moves both clocks. */
  elapsed: () => number = now,
) {
  const client = clients.find((one) => one.client_id === (changes.client_id ?? 'grafana'));
  const application = makeApplication({ issuer, client_secret: client?.client_secret, ...changes });
  const events = createEvents();
  const logged: LogEvent[] = [];
  events.on('log', (event) => logged.push(event));
  const ours = createProviders({ events, now, elapsed })(application);
  return { ours, logged, application };
}

export const attempt = { redirectUri, state: 'a-state', nonce: 'a-nonce', codeVerifier: 'verifier-'.repeat(6) };

/** The callback URL that the provider sends a browser of this user to. */
export async function signInAtProvider(ours: Provider, user = 'alice'): Promise<URL> {
  const url = await ours.authorizationUrl(attempt);
  const page = await createBrowser().follow(`${url}&login_hint=${user}`, (next) => next.href.startsWith(redirectUri));
  return new URL(page.location!);
}

export async function login(ours: Provider, user = 'alice'): Promise<Identity> {
  return identityOf(ours.exchangeCode(await signInAtProvider(ours, user), attempt));
}

/** A refresh with both of its steps. */
export async function refreshBy(ours: Provider, refreshToken: string, subject: Identity): Promise<IdentityResult> {
  const result = await ours.refresh(refreshToken);
  if (result.kind === 'refreshed') return ours.verifyRefreshed(result.tokens, subject);
  return { ...result, kind: 'rejected' };
}

/** The identity of a result; a rejection fails the test. */
export async function identityOf(result: Promise<IdentityResult>): Promise<Identity> {
  const settled = await result;
  if (settled.kind === 'rejected') throw new Error(`rejected: ${settled.reason}: ${settled.message}`);
  return settled.identity;
}

/** The rejection of a result; an identity fails the test, and so does another reason. */
export async function rejectionOf(result: Promise<IdentityResult>, reason: RejectionReason): Promise<Rejection> {
  const settled = await result;
  if (settled.kind === 'verified') throw new Error(`verified as ${settled.identity.sub}`);
  expect(settled).toMatchObject({ reason });
  return settled;
}

/** The provider's own discovery document from now on, but for the changes; `undefined` leaves a member out. */
export async function changeDiscovery(provider: TestProvider, changes: object): Promise<void> {
  const response = await fetch(`${provider.issuer}/.well-known/openid-configuration`);
  const document = (await response.json()) as object;
  provider.stand('discovery', () => ({ body: { ...document, ...changes } }));
}

/** How a provider fails without a word about the client or the user. */
export const OUTAGES = ['error', 'busy', 'nonsense', 'reset'] as const;
