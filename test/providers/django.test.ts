/** Django's two OpenID providers: django-oauth-toolkit and django-allauth. */
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { providerFile } from '../../scripts/providers.ts';
import { freePort } from '../support/free_port.ts';
import { measure } from './provider_cases.ts';
import { startRealProvider } from './started.ts';
import { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, type RealProvider } from './world.ts';

const SERVER = fileURLToPath(new URL('django_server.py', import.meta.url));

interface Django {
  path: string;
  tokenLifeMs: number;
  keys?: (issuer: string) => Record<string, unknown>;
}

async function start(name: string, { path, tokenLifeMs, keys = () => ({}) }: Django): Promise<RealProvider> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}${path}`;
  const account = { login: 'alice', password: 'wonderland' };
  const groups = ['admins', 'staff'];
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const client = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [REDIRECT_URI] };
  const { stop } = await startRealProvider({ port, issuer }, async (folder) => {
    const database = join(folder.path, 'db.sqlite3');
    const settings = { package: name, port, groups, database, private_key, ...account, ...client };
    return {
      command: providerFile('django'),
      parameters: [SERVER, await folder.write('settings.json', JSON.stringify(settings))],
    };
  });
  return {
    issuer,
    account,
    username: 'alice',
    groups,
    keys: { scopes: ['openid', 'profile', 'email', 'groups'], basic: 'password', ...keys(issuer) },
    tokenLifeMs,
    stop,
  };
}

const toolkit: Django = {
  path: '/o',
  tokenLifeMs: 36_000_000,
  // It is there, and the discovery document does not name it.
  keys: (issuer) => ({ introspection_endpoint: `${issuer}/introspect/` }),
};
measure('django-oauth-toolkit', 'django', () => start('django-oauth-toolkit', toolkit));
measure('django-allauth', 'django', () => start('django-allauth', { path: '', tokenLifeMs: 3_600_000 }));
