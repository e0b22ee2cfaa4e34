/** The log lines about the database of the file store. */
import type { Events } from '../../observe/events.ts';
import { STORE_TIMEOUT_MS } from '../store.ts';

/** Says what happens to the database, each state once. */
export function createReports(events: Events, folder: string) {
  let isUnavailable = false;
  function unavailable(message: string, error?: unknown): void {
    if (isUnavailable) return;
    isUnavailable = true;
    events.emit('log', { level: 'error', event: 'store.unavailable', message, error });
  }
  function available(): void {
    if (!isUnavailable) return;
    isUnavailable = false;
    events.emit('log', { level: 'info', event: 'store.available', message: `sessions are kept in ${folder} again` });
  }
  const warn = (event: string, message: string) => events.emit('log', { level: 'warn', event, message });
  return {
    opened(warnings: string[]) {
      available();
      for (const message of warnings) warn('store.open_to_others', message);
    },
    failed: (error: unknown) =>
      unavailable(
        `sessions cannot be kept in ${folder}: this user must be able to make that folder and write in it, and its files must be this user's own`,
        error,
      ),
    lost(reason: 'replaced' | Error) {
      if (reason === 'replaced')
        warn('store.replaced', `the database in ${folder} was removed or replaced: it is opened anew`);
      else unavailable('the thread that writes has ended: it is started again', reason);
    },
    hanging: (hangs: boolean) =>
      hangs
        ? unavailable(
            `a write in ${folder} has not ended within ${STORE_TIMEOUT_MS} ms: the disk hangs, or another process was stopped in the midst of a write`,
          )
        : available(),
  };
}
