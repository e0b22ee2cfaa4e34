/** vouch-proxy: its session is a signed token in the cookie. The program is the user's own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOST } from '../cases.ts';
import { startProcess } from '../servers.ts';
import { CLIENT_ID, CLIENT_SECRET, COOKIE_SECRET, type Peer, type Place } from './peer.ts';
import { needProgram } from './programs.ts';
import { ORIGIN } from './visitor.ts';

/** JSON is YAML too. */
const configuration = ({ issuer, port }: Place) => ({
  vouch: {
    listen: '127.0.0.1',
    port,
    // The users' addresses have to be within one too.
    domains: ['example.com'],
    jwt: { secret: `${COOKIE_SECRET}${COOKIE_SECRET}` },
    session: { key: `${COOKIE_SECRET}${COOKIE_SECRET}` },
    headers: { claims: ['preferred_username', 'groups'] },
  },
  oauth: {
    provider: 'oidc',
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    code_challenge_method: 'S256',
    auth_url: `${issuer}/auth`,
    token_url: `${issuer}/token`,
    user_info_url: `${issuer}/me`,
    scopes: ['openid', 'email', 'profile', 'groups'],
    callback_url: `${ORIGIN}/auth`,
  },
});

export const vouchProxy = (program: string): Peer => ({
  name: 'vouch-proxy',
  callback: '/auth',
  prepare() {
    needProgram(program);
    return 'vouch-proxy, signed token in the cookie';
  },
  async start(place) {
    const file = join(place.folder, 'config.yml');
    writeFileSync(file, JSON.stringify(configuration(place)));
    const log = place.verbose ? 'inherit' : 'ignore';
    const { folder: cwd, port } = place;
    // It reads its folder's config/ unless told where its root is.
    const env = { VOUCH_ROOT: `${cwd}/` };
    const command = [program, '-config', file];
    const running = await startProcess({ command, port, path: '/healthcheck', cwd, env, output: log, errors: log });
    return {
      ...running,
      target: '/validate',
      allowed: 200,
      // It compares the host with its domains.
      headers: { Host: HOST },
      openLogin: (browser) => browser.follow(`${ORIGIN}/login?url=${encodeURIComponent(`${ORIGIN}/`)}`),
      signOut: (browser) => browser.open(`${ORIGIN}/logout`),
    };
  },
});
