/** The site that is measured: one application at a real provider, with a session and an app password of the same user. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startProvider, type TestClient } from '../demo/provider/provider.ts';
import { ask } from './answer.ts';
import { type Credentials, cases, HOST } from './cases.ts';

/** The configured `secret`. */
export const SECRET = 'a-secret-for-the-measurement-only-0123456789';

const client_id = 'bench';
const client_secret = 'bench-secret';
const app_passwords = ['aB3-app-password-of-alice'];

const callback = `https://${HOST}/outpost.goauthentik.io/callback`;
const redirect_uris = [callback, `${callback}?X-authentik-auth-callback=true`];

/** The provider, with `clients` beside Gatepost. Tokens live an hour, so that nothing is refreshed while it is measured. */
export function startBenchProvider(clients: TestClient[] = []) {
  return startProvider({
    clients: [{ client_id, client_secret, redirect_uris }, ...clients],
    users: [
      {
        sub: 'f3a1c5d2e4b6',
        username: 'alice',
        password: 'wonderland',
        app_passwords,
        claims: {
          name: 'Łukasz 山田 Ünïcode',
          email: 'alice@example.com',
          email_verified: true,
          groups: ['admins', 'staff', 'grafana-editors'],
          entitlements: ['read', 'write'],
        },
      },
    ],
    id_token_ttl: 3600,
    access_token_ttl: 3600,
  });
}

/**
 * A configuration without `listen`; `applications` beside the measured one, `rules` before its own, further `hosts` of it, `workers` and another `level` of
 * the log are for other measurements.
 */
export function configuration(
  issuer: string,
  store: string,
  { rules = '', applications = '', hosts = '', level = 'info', workers = 1 } = {},
): string {
  return `
secret: ${SECRET}
store: "${store}"
workers: ${workers}
log: { level: ${level}, format: json }
applications:
  - name: Bench
    external_host: https://${HOST}
${hosts}    issuer: ${issuer}
    client_id: ${client_id}
    client_secret: ${client_secret}
    access:
${rules}      - { path: ^/public/, policy: public }
${applications}`;
}

/** Signs in once with the app password; the response's cookie is the session. Retried for ten seconds: a store may need a moment. */
export async function signIn(port: number): Promise<Credentials> {
  const basic = `Basic ${Buffer.from(`alice:${app_passwords[0]}`).toString('base64')}`;
  const headers = cases.find(({ name }) => name === 'basic')!.headers({ basic, cookie: '' });
  for (let tries = 0; tries < 50; tries += 1) {
    const { headers: answered, status } = await ask(port, headers);
    const line = answered[answered.findIndex((name) => name.toLowerCase() === 'set-cookie') + 1];
    if (status === 200) return { basic, cookie: line!.split(';')[0]! };
    await sleep(200);
  }
  throw new Error('the app password was not accepted');
}
