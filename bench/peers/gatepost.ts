/** Gatepost with each of its stores, logged in as the others are. */
import { version } from '../../src/version.ts';
import { TARGET } from '../cases.ts';
import { startGatepost } from '../servers.ts';
import { configuration } from '../site.ts';
import { startWithStore, stores } from '../stores.ts';
import type { Peer } from './peer.ts';
import { needRedis } from './redis.ts';
import { ORIGIN } from './visitor.ts';

const OUTPOST = `${ORIGIN}/outpost.goauthentik.io`;

/** @param server the built command */
export function gateposts(server: string): Peer[] {
  return stores.map((store) => ({
    name: `gatepost-${store}`,
    prepare() {
      if (store === 'redis') needRedis();
      return `**Gatepost** ${version}, ${store}`;
    },
    async start({ issuer }) {
      const running = await startWithStore(store, (address) => startGatepost(server, configuration(issuer, address)));
      return {
        ...running,
        target: TARGET,
        allowed: 200,
        openLogin: (browser) => browser.follow(`${OUTPOST}/start?rd=${encodeURIComponent(`${ORIGIN}/`)}`),
        signOut: (browser) => browser.open(`${OUTPOST}/sign_out`),
      };
    },
  }));
}
