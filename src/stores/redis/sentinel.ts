/** Asks sentinels where the master is. They are asked anew for every connection: it may have moved. */
import { createClient } from '@redis/client';
import { connectInTime, optionsFor } from './client.ts';
import type { Node, RedisAddress } from './url.ts';

async function querySentinel(address: RedisAddress, node: Node): Promise<Node | undefined> {
  const sentinel = createClient({ ...optionsFor({ ...address, database: 0 }, node), emitInvalidate: false });
  sentinel.on('error', () => undefined);
  const giveUp = () => sentinel.isOpen && sentinel.destroy();
  try {
    await connectInTime(sentinel.connect(), giveUp);
    const command = ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', address.master!];
    const found = (await connectInTime(sentinel.sendCommand(command), giveUp)) as unknown as [string, string] | null;
    return found === null ? undefined : { host: found[0], port: Number(found[1]) };
  } finally {
    giveUp();
  }
}

/** The address of the present master, from the first sentinel that knows it. */
export async function queryMaster(address: RedisAddress): Promise<Node> {
  let failure: unknown = new Error(`no sentinel knows ${address.master}`);
  // The password is that of the servers; sentinels have the same or none.
  const ways =
    address.password === undefined ? [address] : [address, { ...address, username: undefined, password: undefined }];
  for (const node of address.nodes) {
    for (const way of ways) {
      try {
        const found = await querySentinel(way, node);
        if (found !== undefined) return found;
      } catch (error) {
        failure = error;
      }
    }
  }
  throw failure;
}
