/** Whether this process lives and whether it can do its work; for orchestrators, and never for a proxy's question. */
import type { Middleware } from 'koa';
import type { Reason } from '../reasons.ts';

export interface Health {
  ping: Middleware;
  live: Middleware;
  ready: Middleware;
  /** From now on `ready` is 503: no new traffic while the rest is finished. */
  drain(): void;
}

/** @param storeReady resolves while the store answers and takes writes */
export function createHealth(storeReady: () => Promise<void>): Health {
  let draining = false;
  const problem = async (): Promise<Reason | undefined> => {
    if (draining) return 'shutting_down';
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
      const found = await problem();
      ctx.set('Cache-Control', 'no-store');
      ctx.status = found === undefined ? 200 : 503;
      ctx.body = found === undefined ? { status: 'ok' } : { status: 'unavailable', reason: found };
      if (found !== undefined) ctx.set('X-Gatepost-Reason', found);
    },
    drain() {
      draining = true;
    },
  };
}
