/** Warnings that would come again with every request: each is said once. */
import type { Events, LogEvent } from './events.ts';

/** @param warning made only where it is said */
export type WarnOnce = (key: string, warning: () => Omit<LogEvent, 'level'>) => void;

/** Attack: names of others' choosing in the keys fill the memory. Beyond so many nothing more is said. */
const MAX_WARNINGS = 1000;

const saidIn = new WeakMap<Events, Map<string, Set<string>>>();

/**
 * @param scope what was said in it stays said for as long as `events` are there: a configuration that is loaded anew is no
 * reason to say it again
 */
export function createWarnOnce(events: Events, scope?: string): WarnOnce {
  const said = scope === undefined ? new Set<string>() : saidInScope(events, scope);
  return (key, warning) => {
    if (said.has(key) || said.size >= MAX_WARNINGS) return;
    said.add(key);
    events.emit('log', { level: 'warn', ...warning() });
  };
}

function saidInScope(events: Events, scope: string): Set<string> {
  const scopes = saidIn.get(events) ?? new Map<string, Set<string>>();
  saidIn.set(events, scopes);
  const said = scopes.get(scope) ?? new Set<string>();
  scopes.set(scope, said);
  return said;
}
