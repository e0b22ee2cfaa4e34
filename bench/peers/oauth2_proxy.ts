/** oauth2-proxy, built from its Go module, with its session in the cookie and with sessions in Redis. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { toolsFolder } from '../../scripts/tools.ts';
import { startProcess } from '../servers.ts';
import { startWithStore } from '../stores.ts';
import { CLIENT_ID, CLIENT_SECRET, COOKIE_SECRET, type Peer, type Place } from './peer.ts';
import { needRedis } from './redis.ts';
import { ORIGIN } from './visitor.ts';

const VERSION = '7.15.6';
const MODULE = 'github.com/oauth2-proxy/oauth2-proxy/v7';
const folder = join(toolsFolder, 'peers', `oauth2-proxy-${VERSION}`);
const program = join(folder, 'oauth2-proxy');

function build(): void {
  if (existsSync(program)) return;
  process.stderr.write(`builds with go: ${program}\n`);
  const flags = `-ldflags=-s -w -X ${MODULE}/pkg/version.VERSION=v${VERSION}`;
  const env = { ...process.env, GOBIN: folder };
  execFileSync('go', ['install', flags, `${MODULE}@v${VERSION}`], {
    stdio: ['ignore', process.stderr, 'inherit'],
    env,
  });
}

/** As its page on nginx's auth_request has it; the log as it ships, a line for each request. */
const options = ({ issuer, port }: Place) => [
  '--provider=oidc',
  `--oidc-issuer-url=${issuer}`,
  `--client-id=${CLIENT_ID}`,
  `--client-secret=${CLIENT_SECRET}`,
  '--code-challenge-method=S256',
  `--redirect-url=${ORIGIN}/oauth2/callback`,
  `--cookie-secret=${COOKIE_SECRET}`,
  `--http-address=127.0.0.1:${port}`,
  '--email-domain=*',
  '--upstream=static://202',
  '--reverse-proxy=true',
  '--set-xauthrequest=true',
];

function variant(name: string, title: string, store: 'memory' | 'redis'): Peer {
  return {
    name,
    callback: '/oauth2/callback',
    prepare() {
      if (store === 'redis') needRedis();
      build();
      return `oauth2-proxy ${VERSION}, ${title}`;
    },
    async start(place) {
      const log = place.verbose ? 'inherit' : 'ignore';
      const running = await startWithStore(store, (address) => {
        const stored = ['--session-store-type=redis', `--redis-connection-url=${address}`];
        return startProcess({
          command: [program, ...options(place), ...(store === 'redis' ? stored : [])],
          port: place.port,
          path: '/ping',
          output: log,
          errors: log,
        });
      });
      return {
        ...running,
        target: '/oauth2/auth',
        allowed: 202,
        openLogin: (browser) => browser.follow(`${ORIGIN}/oauth2/start?rd=/`),
        signOut: (browser) => browser.open(`${ORIGIN}/oauth2/sign_out`),
      };
    },
  };
}

export const oauth2Proxies = [
  variant('oauth2-proxy', 'session in the cookie', 'memory'),
  variant('oauth2-proxy-redis', 'Redis', 'redis'),
];
