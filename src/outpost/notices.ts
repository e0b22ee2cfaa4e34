/** What outpost mode says in the log: each thing once, and again where it has changed or still lasts. */
import type { Events } from '../observe/events.ts';
import type { Notice } from './types.ts';

/** A fault that lasts is said again after so long. */
const REMINDER_MS = 300_000;

export interface Notices {
  /** What holds now, of one kind: what was said already is not said again, what is gone is forgotten. */
  tell(kind: string, notices: readonly Notice[]): void;
  /** A fault that lasts: at once, when its words change, and every five minutes. */
  remind(notice: Notice): void;
  /** It is over: the next one is news again. */
  forget(key: string): void;
}

/** @param elapsed milliseconds on a clock that nobody can set */
export function createNotices(events: Events, elapsed: () => number): Notices {
  const said = new Map<string, ReadonlyMap<string, string>>();
  const reminded = new Map<string, { message: string; at: number }>();
  const log = ({ level, event, message }: Notice) => events.emit('log', { level, event, message });
  return {
    tell(kind, notices) {
      const before = said.get(kind);
      for (const notice of notices) if (before?.get(notice.key) !== notice.message) log(notice);
      said.set(kind, new Map(notices.map(({ key, message }) => [key, message])));
    },
    remind(notice) {
      const last = reminded.get(notice.key);
      if (last?.message === notice.message && elapsed() - last.at < REMINDER_MS) return;
      reminded.set(notice.key, { message: notice.message, at: elapsed() });
      log(notice);
    },
    forget: (key) => void reminded.delete(key),
  };
}
