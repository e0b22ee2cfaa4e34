/** Dex, with its own list of passwords in place of a connector: so it has no groups and no user names. */
import { providerFile } from '../../scripts/providers.ts';
import { freePort } from '../support/free_port.ts';
import { measure } from './provider_cases.ts';
import { startRealProvider } from './started.ts';
import { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, type RealProvider } from './world.ts';

/** bcrypt of `wonderland`. */
const HASH = '$2b$10$.8GnuNt76KJso9kM1rpY/e5HxFLqF1YF.SNvX6MkXYNBP/O/TQ4Qy';

async function start(): Promise<RealProvider> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}/dex`;
  const settings = {
    issuer,
    storage: { type: 'memory' },
    web: { http: `127.0.0.1:${port}` },
    enablePasswordDB: true,
    oauth2: { skipApprovalScreen: true, passwordConnector: 'local' },
    staticPasswords: [{ email: 'alice@example.com', hash: HASH, username: 'alice', userID: 'u-alice' }],
    staticClients: [{ id: CLIENT_ID, secret: CLIENT_SECRET, name: 'Files', redirectURIs: [REDIRECT_URI] }],
  };
  const { stop } = await startRealProvider({ port, issuer }, async ({ write }) => ({
    command: providerFile('dex'),
    parameters: ['serve', await write('dex.json', JSON.stringify(settings))],
  }));
  return {
    issuer,
    account: { login: 'alice@example.com', password: 'wonderland' },
    username: 'alice@example.com',
    groups: [],
    keys: {
      scopes: ['openid', 'profile', 'email', 'groups', 'offline_access'],
      claims: { username: 'email' },
      basic: 'password',
    },
    tokenLifeMs: 24 * 3_600_000,
    stop,
  };
}

measure('Dex', 'dex', start);
