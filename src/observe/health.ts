/** Whether this process lives and whether it can do its work: for orchestrators, not for auth requests. */
import type { Middleware } from 'koa';
import { REASONS, type Reason } from '../reasons.ts';

export interface Health {
  ping: Middleware;
  live: Middleware;
  ready: Middleware;
  /** From now on `ready` is 503: no new traffic while running requests are finished. */
  drain(): void;
}

/**
 * @param storeReady resolves while the store can be read and written
 * @param isWaiting whether no configuration is in force yet (outpost mode)
 */
export function createHealth(storeReady: () => Promise<void>, isWaiting: () => boolean = () => false): Health {
  let draining = false;
  const problem = async (): Promise<Reason | undefined> => {
    if (draining) return 'shutting_down';
    if (isWaiting()) return 'provider_unavailable';
    return storeReady().then(
      () => undefined,
      () => 'store_unavailable' as const,
    );
  };
  return {
    ping: (ctx) => {
      ctx.status = 204;
    },
    live: (ctx) => {
      ctx.body = { status: 'ok' };
    },
    ready: async (ctx) => {
      ctx.set('Cache-Control', 'no-store');
      const reason = await problem();
      if (reason === undefined) {
        ctx.body = { status: 'ok' };
        return;
      }
      ctx.status = REASONS[reason].status;
      ctx.set('X-Gatepost-Reason', reason);
      ctx.body = { status: 'unavailable', reason };
    },
    drain() {
      draining = true;
    },
  };
}
