/** The demo's OpenID provider: that of the tests, with pages that one may look at. */
import type { TestUser } from './provider/options.ts';
import { providerPages } from './provider_pages.ts';

export interface DemoClient {
  client_id: string;
  client_secret: string;
  /** The site, as its `external_host`. */
  url: string;
}

export interface DemoProviderOptions {
  clients: [DemoClient, ...DemoClient[]];
  issuer?: string;
  address?: string;
  port?: number;
}

/** `ż` and `ü` are there on purpose: names reach the site whole. */
const users: TestUser[] = [
  {
    sub: 'u-alice',
    username: 'alice',
    password: 'wonderland',
    claims: {
      name: 'Alice Żółkowska',
      email: 'alice@example.com',
      groups: ['admins', 'staff'],
      entitlements: ['read', 'write'],
    },
  },
  {
    sub: 'u-bob',
    username: 'bob',
    password: 'builder',
    claims: { name: 'Bob Müller', email: 'bob@example.com', groups: ['staff'], entitlements: ['read'] },
  },
];

export async function startDemoProvider({ clients, ...options }: DemoProviderOptions) {
  const { startProvider } = await importQuietly();
  return startProvider({
    ...options,
    users,
    clients: clients.map(({ url, ...client }) => ({ ...client, redirect_uris: [redirectUri(url)] })),
    pages: providerPages(clients[0].url),
  });
}

function redirectUri(url: string): string {
  return `${url}/outpost.goauthentik.io/callback?X-authentik-auth-callback=true`;
}

/** The package warns about choices that are intended here, and about the version of Node; neither matters for a demo. */
async function importQuietly() {
  const { warn } = console;
  console.warn = (text: unknown, ...more: unknown[]) => {
    if (!String(text).includes('oidc-provider WARNING')) warn(text, ...more);
  };
  return import('./provider/provider.ts');
}
