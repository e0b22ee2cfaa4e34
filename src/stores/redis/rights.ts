/** Whether the user may send what the store needs: a missing right would else show as a limit that never counts. */
import type { Client, Cluster } from './client.ts';
import { isRefusal, withoutArguments } from './error_codes.ts';
import { CANCEL } from './scripts.ts';

type Commands = Pick<Client, 'ping' | 'get' | 'mGet' | 'set' | 'del' | 'eval'>;

/**
 * Sends each command once, about a record that there never is.
 * Attack: where scripts alone are refused, logins work and no guess is counted; such a Redis is no store at all.
 * @throws Error that names the first command which is refused; a server that cannot serve now refuses nothing
 */
export async function checkRights(client: Client | Cluster, prefix: string): Promise<void> {
  const commands: Commands = client;
  const key = `${prefix}ready`;
  const needed: Record<string, Promise<unknown>> = {
    PING: commands.ping(),
    GET: commands.get(key),
    MGET: commands.mGet([key]),
    SET: commands.set(key, '', { condition: 'XX', expiration: { type: 'PX', value: 1 } }),
    DEL: commands.del(key),
    'EVAL (scripts)': commands.eval(CANCEL, { keys: [key], arguments: ['ready'] }),
  };
  const results = await Promise.allSettled(Object.values(needed));
  for (const [index, name] of Object.keys(needed).entries()) {
    const result = results[index];
    if (result?.status !== 'rejected') continue;
    if (!isRefusal(result.reason)) continue;
    const { message } = withoutArguments(result.reason) as Error;
    throw new Error(`Redis refuses ${name} for names that begin with ${prefix} (${message})`);
  }
}
