/** Refreshes that failed: what is said of them, and how long the next one waits. */
import type { Events } from '../observe/events.ts';
import { AuthentikApiError } from './api.ts';
import type { Notices } from './notices.ts';

/** Between two attempts while authentik does not answer, at first; doubled each time. */
const RETRY_MS = 1000;
/** The longest of these pauses, and the one while it refuses the token. */
export const MAX_RETRY_MS = 30_000;

/** Where the configuration is from that is in force. */
export type Source = 'fresh' | 'kept' | 'none';

export interface Failures {
  /** `pauseMs`: until the next attempt. `isRefusal`: authentik does not take the token as one of an outpost. */
  failed(error: unknown, source: Source): { pauseMs: number; isRefusal: boolean };
  /** A refresh went well: the next failure is news. */
  over(): void;
}

const KEPT_ON = 'what was read before stays in force';

export function createFailures(events: Events, notices: Notices): Failures {
  let count = 0;

  function refused({ message }: AuthentikApiError, source: Source) {
    const then = source === 'fresh' ? KEPT_ON : 'hosts answer 503 until it is accepted';
    const notice = {
      level: 'error',
      event: 'outpost.refused',
      key: 'refused',
      message: `${message}; ${then}`,
    } as const;
    notices.remind(notice);
    return { pauseMs: MAX_RETRY_MS, isRefusal: true };
  }

  function unavailable(why: string, retryAfterMs: number, source: Source) {
    const then = source === 'none' ? 'hosts answer 503 until it can be read' : KEPT_ON;
    const message = `${why}; ${then}`;
    notices.remind({ level: 'warn', event: 'outpost.unavailable', key: 'unavailable', message });
    const backoffMs = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** (count - 1));
    return { pauseMs: Math.max(backoffMs, retryAfterMs), isRefusal: false };
  }

  return {
    failed(error, source) {
      count += 1;
      if (error instanceof AuthentikApiError) {
        const { kind, message, retryAfterMs = 0 } = error;
        return kind === 'outage' ? unavailable(message, retryAfterMs, source) : refused(error, source);
      }
      const why = 'what authentik says could not be taken';
      events.emit('log', { level: 'error', event: 'outpost.refresh_failed', message: why, error });
      return unavailable(why, 0, source);
    },
    over() {
      count = 0;
      notices.forget('refused');
      notices.forget('unavailable');
    },
  };
}
