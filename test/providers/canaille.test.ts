/** Canaille, in memory. */
import { fileURLToPath } from 'node:url';
import { providerFile } from '../../scripts/providers.ts';
import { freePort } from '../support/free_port.ts';
import { measure } from './provider_cases.ts';
import { startRealProvider } from './started.ts';
import { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, type RealProvider } from './world.ts';

const SERVER = fileURLToPath(new URL('canaille_server.py', import.meta.url));

async function start(): Promise<RealProvider> {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const account = { login: 'alice', password: 'wonderland-42' };
  const groups = ['admins', 'staff'];
  const client = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [REDIRECT_URI] };
  const settings = { port, groups, ...account, ...client };
  const { stop } = await startRealProvider({ port, issuer }, async ({ write }) => ({
    command: providerFile('canaille'),
    parameters: [SERVER, await write('settings.json', JSON.stringify(settings))],
  }));
  return {
    issuer,
    account,
    username: 'alice',
    groups,
    keys: { scopes: ['openid', 'profile', 'email', 'groups'], claims: { username: 'sub' }, basic: 'password' },
    tokenLifeMs: 10 * 24 * 3_600_000,
    stop,
  };
}

measure('Canaille', 'canaille', start);
