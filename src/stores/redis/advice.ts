/** Says once what a Redis lacks, or how it is set, that costs speed or safety. */
import type { Events } from '../../observe/events.ts';
import { createWarnOnce } from '../../observe/warn_once.ts';
import type { Connection } from './connect.ts';
import { lackOf } from './protocol.ts';
import { readEvictionPolicy } from './replies.ts';

/** Both tell it; a user with few rights may have either, or none. */
const POLICY_COMMANDS = [
  ['INFO', 'memory'],
  ['CONFIG', 'GET', 'maxmemory-policy'],
];

/** `undefined` where the server does not tell: that is needed for nothing else. */
export async function queryEvictionPolicy(connection: Connection): Promise<string | undefined> {
  for (const command of POLICY_COMMANDS) {
    const policy = await connection.readOnce(command, readEvictionPolicy);
    if (policy !== undefined) return policy;
  }
  return undefined;
}

/** Looks at each new connection; never rejects, and holds nothing up. */
export function createAdvice(events: Events): (connection: Connection) => void {
  const warnOnce = createWarnOnce(events);
  const warn = (event: string, message: string) => warnOnce(event, () => ({ event, message }));
  let policy: string | undefined;

  async function lookAtEviction(connection: Connection): Promise<void> {
    policy ??= await queryEvictionPolicy(connection);
    if (policy === undefined || policy === 'noeviction') return;
    const message = `Redis evicts records when its memory is full (maxmemory-policy ${policy}), which logs users out: set noeviction`;
    warn('store.evicts', message);
  }

  return (connection) => {
    const lack = lackOf(connection.protocol);
    if (lack !== undefined) warn('store.uncached', lack);
    void lookAtEviction(connection);
  };
}
