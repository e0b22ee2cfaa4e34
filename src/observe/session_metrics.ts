/** Counts what becomes of sessions, of their refreshes, and of credentials in `Authorization`. */
import { Counter, type Registry } from 'prom-client';
import type { Events } from './events.ts';

export function countSessions(events: Events, registers: Registry[]): void {
  const started = new Counter({
    name: 'gatepost_sessions_started_total',
    help: 'Sessions that were made',
    labelNames: ['application', 'auth_method'],
    registers,
  });
  events.on('session_started', ({ application, auth_method }) => started.inc({ application, auth_method }));
  const ended = new Counter({
    name: 'gatepost_sessions_ended_total',
    help: 'Sessions that were ended before their time; a logout token counts once, whatever it ends',
    labelNames: ['application', 'reason'],
    registers,
  });
  events.on('session_ended', ({ application, reason }) => ended.inc({ application, reason }));
  const refreshes = new Counter({
    name: 'gatepost_session_refreshes_total',
    help: 'Tries to refresh a session at the provider',
    labelNames: ['application', 'outcome'],
    registers,
  });
  events.on('refresh', ({ application, outcome }) => refreshes.inc({ application, outcome }));
  const credentials = new Counter({
    name: 'gatepost_credential_checks_total',
    help: 'Credentials in Authorization that were not known yet; limited: a guess that was stopped',
    labelNames: ['application', 'scheme', 'outcome'],
    registers,
  });
  events.on('credential', ({ application, scheme, outcome }) => credentials.inc({ application, scheme, outcome }));
}
