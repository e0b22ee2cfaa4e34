/** Asks sentinels for the address of the master, anew for every connection: it may have moved. */
import type { RedisNode } from '../../config/schema/store_url.ts';
import { connectNode, query } from './node.ts';
import { UNTRACKED } from './protocol.ts';
import { readMasterAddress } from './replies.ts';
import type { SentinelTarget } from './target.ts';

/** A sentinel holds no records: no database, and nothing to track. */
async function querySentinel(target: SentinelTarget, node: RedisNode): Promise<RedisNode | undefined> {
  const sentinel = await connectNode({ ...target, database: 0 }, node, { lost() {}, invalidated() {} }, UNTRACKED);
  const master = await query(sentinel, ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', target.master], readMasterAddress);
  sentinel.destroy();
  return master;
}

/**
 * With which user the sentinels are asked: their own, where one is named. Otherwise they have that of the servers, or
 * none.
 */
function usersFor(target: SentinelTarget): SentinelTarget[] {
  const { sentinelUsername: username, sentinelPassword: password } = target;
  // Attack: the password of the servers would go to sentinels that were given another one.
  if (password !== undefined) return [{ ...target, username, password }];
  return target.password === undefined ? [target] : [target, { ...target, username: undefined, password: undefined }];
}

/** The address of the present master, as one sentinel knows it. */
export async function queryMaster(target: SentinelTarget, sentinel: RedisNode): Promise<RedisNode> {
  let failure: unknown;
  for (const attempt of usersFor(target)) {
    try {
      const found = await querySentinel(attempt, sentinel);
      if (found !== undefined) return found;
      failure = new Error(`the sentinel does not know ${target.master}`);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
