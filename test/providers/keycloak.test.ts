/** Keycloak, with a realm that has a mapper for groups. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { providerFile } from '../../scripts/providers.ts';
import { freePort } from '../support/free_port.ts';
import { measure } from './provider_cases.ts';
import { startRealProvider } from './started.ts';
import { CLIENT_ID, CLIENT_SECRET, type Place, REDIRECT_URI, type RealProvider } from './world.ts';

const ADMIN = { username: 'admin', password: 'of-the-tests' };

const realm = (backchannelUri: string) => ({
  realm: 'home',
  enabled: true,
  sslRequired: 'none',
  groups: [{ name: 'admins' }, { name: 'staff' }],
  users: [
    {
      username: 'alice',
      enabled: true,
      email: 'alice@example.com',
      emailVerified: true,
      firstName: 'Alice',
      lastName: 'Łukasz 山田',
      credentials: [{ type: 'password', value: 'wonderland', temporary: false }],
      groups: ['/admins', '/staff'],
    },
  ],
  clients: [
    {
      clientId: CLIENT_ID,
      secret: CLIENT_SECRET,
      protocol: 'openid-connect',
      publicClient: false,
      standardFlowEnabled: true,
      directAccessGrantsEnabled: true,
      redirectUris: [REDIRECT_URI],
      attributes: {
        'backchannel.logout.url': backchannelUri,
        'backchannel.logout.session.required': 'true',
      },
      protocolMappers: [
        {
          name: 'groups',
          protocol: 'openid-connect',
          protocolMapper: 'oidc-group-membership-mapper',
          config: {
            'claim.name': 'groups',
            'full.path': 'false',
            'id.token.claim': 'true',
            'access.token.claim': 'true',
            'userinfo.token.claim': 'true',
          },
        },
      ],
    },
  ],
});

/** Signs a user out of the realm, as its administrator. */
async function signOut(origin: string, username: string): Promise<void> {
  const body = new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', ...ADMIN });
  const tokens = await fetch(`${origin}/realms/master/protocol/openid-connect/token`, { method: 'POST', body });
  const { access_token } = (await tokens.json()) as { access_token: string };
  const headers = { authorization: `Bearer ${access_token}` };
  const users = `${origin}/admin/realms/home/users`;
  const found = await fetch(`${users}?exact=true&username=${username}`, { headers });
  const [user] = (await found.json()) as { id: string }[];
  const { status } = await fetch(`${users}/${user?.id}/logout`, { method: 'POST', headers });
  if (status !== 204) throw new Error(`Keycloak answers ${status}`);
}

async function start({ backchannelUri }: Place): Promise<RealProvider> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const issuer = `${origin}/realms/home`;
  const { stop } = await startRealProvider({ port, issuer, limitMs: 240_000 }, async ({ path, write }) => {
    // It writes into its own folder.
    const home = join(path, 'keycloak');
    await cp(providerFile('keycloak').replace(/\/bin\/kc\.sh$/, ''), home, { recursive: true });
    const file = await write('home-realm.json', JSON.stringify(realm(backchannelUri)));
    await cp(file, join(home, 'data/import/home-realm.json'), { recursive: true });
    return {
      command: 'sh',
      parameters: [
        join(home, 'bin/kc.sh'),
        'start-dev',
        '--http-host=127.0.0.1',
        `--http-port=${port}`,
        '--db=dev-mem',
        '--import-realm',
      ],
      env: { KC_BOOTSTRAP_ADMIN_USERNAME: ADMIN.username, KC_BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password },
    };
  });
  return {
    issuer,
    account: { login: 'alice', password: 'wonderland' },
    username: 'alice',
    groups: ['admins', 'staff'],
    keys: { basic: 'password' },
    tokenLifeMs: 300_000,
    endSession: () => signOut(origin, 'alice'),
    stop,
  };
}

measure('Keycloak', 'keycloak', start);
