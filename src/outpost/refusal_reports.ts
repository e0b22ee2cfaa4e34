/** Providers that are not served: said in the log when that changes, and at authentik among its events. */
import type { AuthentikApi } from './api.ts';
import type { Notices } from './notices.ts';
import type { RefusedProvider } from './types.ts';

/** Between two events of one provider for one reason. */
const EVENT_PAUSE_MS = 3_600_000;

export interface RefusalReports {
  /** @param outpost its name, for the event */
  tell(refused: readonly RefusedProvider[], outpost: string): void;
}

/** @param elapsed milliseconds on a clock that nobody can set */
export function createRefusalReports(
  api: () => Pick<AuthentikApi, 'reportEvent'>,
  notices: Notices,
  elapsed: () => number,
): RefusalReports {
  let reported = new Map<string, number>();
  return {
    tell(refused, outpost) {
      notices.tell('refused', refused.map(noticeOf));
      const before = reported;
      reported = new Map();
      for (const { pk, name, field, reason, url } of refused) {
        const key = JSON.stringify([pk, field, reason]);
        const last = before.get(key);
        const isDue = last === undefined || elapsed() - last >= EVENT_PAUSE_MS;
        reported.set(key, isDue ? elapsed() : last);
        if (isDue) void api().reportEvent({ message: `${field}: ${reason}`, provider: name, outpost, url: url ?? '' });
      }
    },
  };
}

function noticeOf({ pk, name, field, reason, isServed }: RefusedProvider) {
  const message = `the provider ${name} (${pk}) ${isServed ? 'is served in part' : 'is not served'}: ${field} ${reason}`;
  return { level: 'error', event: 'outpost.provider_refused', key: `${pk} ${field} ${reason}`, message } as const;
}
