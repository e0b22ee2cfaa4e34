/** Asks sentinels for the address of the master, anew for every connection: it may have moved. */
import type { RedisNode, SentinelAddress } from '../../config/schema/store_url.ts';
import { connectInTime, createSentinelClient, destroyClient } from './client.ts';
import { readMasterAddress } from './replies.ts';

async function querySentinel(address: SentinelAddress, node: RedisNode): Promise<RedisNode | undefined> {
  const sentinel = createSentinelClient(address, node);
  sentinel.on('error', () => undefined);
  const giveUp = () => destroyClient(sentinel);
  try {
    await connectInTime(sentinel.connect(), giveUp);
    const command = ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', address.master];
    return readMasterAddress(await connectInTime(sentinel.sendCommand(command), giveUp));
  } finally {
    giveUp();
  }
}

/** The address of the present master, from the first sentinel that knows it. */
export async function queryMaster(address: SentinelAddress): Promise<RedisNode> {
  let failure: unknown = new Error(`no sentinel knows ${address.master}`);
  // The password is that of the servers; sentinels have the same or none.
  const attempts =
    address.password === undefined ? [address] : [address, { ...address, username: undefined, password: undefined }];
  for (const node of address.nodes) {
    for (const attempt of attempts) {
      try {
        const found = await querySentinel(attempt, node);
        if (found !== undefined) return found;
      } catch (error) {
        failure = error;
      }
    }
  }
  throw failure;
}
