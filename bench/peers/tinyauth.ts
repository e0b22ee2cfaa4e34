/** tinyauth: sessions in SQLite. The program is the user's own. */
import { startProcess } from '../servers.ts';
import { type Browser, CLIENT_ID, CLIENT_SECRET, type Peer, type Place } from './peer.ts';
import { needProgram } from './programs.ts';
import { ORIGIN } from './visitor.ts';

const PROVIDER = 'TINYAUTH_OAUTH_PROVIDERS_BENCH';

const environment = ({ issuer, port, folder }: Place) => ({
  TINYAUTH_APPURL: ORIGIN,
  TINYAUTH_SERVER_ADDRESS: '127.0.0.1',
  TINYAUTH_SERVER_PORT: String(port),
  TINYAUTH_DATABASE_PATH: `${folder}/tinyauth.db`,
  TINYAUTH_RESOURCES_PATH: `${folder}/resources`,
  TINYAUTH_OIDC_PRIVATEKEYPATH: `${folder}/key`,
  TINYAUTH_OIDC_PUBLICKEYPATH: `${folder}/key.pub`,
  // It would tell its makers that it runs.
  TINYAUTH_ANALYTICS_ENABLED: 'false',
  TINYAUTH_AUTH_SECURECOOKIE: 'true',
  TINYAUTH_AUTH_TRUSTEDPROXIES: '127.0.0.1',
  [`${PROVIDER}_CLIENTID`]: CLIENT_ID,
  [`${PROVIDER}_CLIENTSECRET`]: CLIENT_SECRET,
  [`${PROVIDER}_SCOPES`]: 'openid,email,profile,groups',
  [`${PROVIDER}_AUTHURL`]: `${issuer}/auth`,
  [`${PROVIDER}_TOKENURL`]: `${issuer}/token`,
  [`${PROVIDER}_USERINFOURL`]: `${issuer}/me`,
});

/** Its page asks for the provider's address and goes there. */
async function openLogin(browser: Browser) {
  const asked = await browser.open(`${ORIGIN}/api/oauth/url/bench`);
  const { url } = JSON.parse(asked.text) as { url: string };
  return browser.follow(url);
}

export const tinyauth = (program: string): Peer => ({
  name: 'tinyauth',
  callback: '/api/oauth/callback/bench',
  prepare() {
    needProgram(program);
    return 'tinyauth, SQLite';
  },
  async start(place) {
    const { folder: cwd, port, verbose } = place;
    const log = verbose ? 'inherit' : 'ignore';
    const env = environment(place);
    const command = [program];
    const running = await startProcess({ command, port, path: '/api/healthz', cwd, env, output: log, errors: log });
    return {
      ...running,
      // A 401 for everybody, as nginx needs it; for Traefik a browser's request is redirected.
      target: '/api/auth/nginx',
      allowed: 200,
      openLogin,
      signOut: (browser) => browser.open(`${ORIGIN}/api/user/logout`, { method: 'POST' }),
    };
  },
});
