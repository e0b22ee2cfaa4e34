/** Warnings that would come again with every request: each is said once. */
import type { Events, LogEvent } from './events.ts';

/** @param warning made only where it is said */
export type WarnOnce = (key: string, warning: () => Omit<LogEvent, 'level'>) => void;

/** Attack: names of others' choosing in the keys fill the memory. Beyond so many nothing more is said. */
const MAX_WARNINGS = 1000;

export function createWarnOnce(events: Events): WarnOnce {
  const said = new Set<string>();
  return (key, warning) => {
    if (said.has(key) || said.size >= MAX_WARNINGS) return;
    said.add(key);
    events.emit('log', { level: 'warn', ...warning() });
  };
}
