/**
 * Connections that the parent has handed over to a worker that ended before it took them. `node:cluster` forgets them:
 * they stay open, and the proxy waits for its answer until its own time limit. Another worker gets them instead.
 */
import type { ChildProcess } from 'node:child_process';
import type { Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two looks whether all that a worker has sent before its end was read. */
const LOOK_MS = 10;
const MAX_LOOKS = 100;

/** What `node:cluster` sends with a connection, and gets back for it (lib/internal/cluster of Node). */
const isHandOver = (message: unknown): message is { seq: number } =>
  isOfCluster(message) && 'act' in message && message.act === 'newconn' && 'seq' in message;
const isTaken = (message: unknown): message is { ack: number } => isOfCluster(message) && 'ack' in message;
const isOfCluster = (message: unknown): message is object =>
  typeof message === 'object' && message !== null && 'cmd' in message && message.cmd === 'NODE_CLUSTER';

/**
 * Remembers what is handed over to `worker`, from its start to its end.
 * @param hasOthers whether another worker listens
 */
export function rescueHandedOver(worker: Worker, hasOthers: () => boolean): void {
  const { process: child } = worker;
  const handles = new Map<number, unknown>();
  const send = child.send;
  child.send = (message: unknown, ...rest: unknown[]): boolean => {
    if (isHandOver(message)) handles.set(message.seq, rest[0]);
    return Reflect.apply(send, child, [message, ...rest]);
  };
  child.on('internalMessage', (message: unknown) => {
    if (isTaken(message)) handles.delete(message.ack);
  });
  child.once('exit', () => void endChannel(child));
  // From now on `node:cluster` gives the worker nothing.
  worker.once('disconnect', () => {
    for (const [ack, handle] of [...handles]) {
      // As a worker that is about to end says it.
      if (hasOthers()) child.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack, accepted: false });
      else close(handle);
    }
  });
}

/**
 * A channel that waits for the receipt of a connection does not say that it has ended, and then `node:cluster` goes on
 * counting with the worker.
 */
async function endChannel(child: ChildProcess): Promise<void> {
  let isSaid = false;
  child.once('disconnect', () => {
    isSaid = true;
  });
  for (let looks = 0; child.connected && looks < MAX_LOOKS; looks++) await sleep(LOOK_MS);
  await sleep(LOOK_MS);
  if (!isSaid && !child.connected) child.emit('disconnect');
}

function close(handle: unknown): void {
  if (typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function') {
    handle.close();
  }
}
