/** What the rooms tell the world: typed events. The log and the metrics listen; nobody else imports a logger. */
import { EventEmitter } from 'node:events';
import type { Reason } from '../reasons.ts';

/** One answered question on `/auth/*`. Holds nothing secret: no cookie, no header value, no query unless `log.query` asks for it. */
export interface DecisionEvent {
  request_id: string;
  dialect: string;
  application: string | undefined;
  method: string | undefined;
  host: string | undefined;
  path: string | undefined;
  query: string | undefined;
  decision: string;
  status: number;
  reason: Reason | undefined;
  /** The access rule behind a no: `access[1]`, as `gatepost explain` names it. */
  rule: string | undefined;
  /** A sentence for the operator; never shown to the client where it names something inside. */
  detail: string | undefined;
  user: string | undefined;
  auth_method: string | undefined;
  client_ip: string | undefined;
  /** Milliseconds from the request's arrival to its answer. */
  duration_ms: number;
}

/** One answered request of a browser or of the provider at a sign-in endpoint. */
export interface SigninEvent {
  request_id: string;
  endpoint: 'start' | 'callback' | 'sign_out' | 'backchannel_logout';
  application: string | undefined;
  outcome: string;
  status: number;
  reason: Reason | undefined;
  detail?: string | undefined;
  user?: string | undefined;
  duration_ms: number;
}

/** `level` is the log's. `error` may carry a private cause: the log prints its name, code and message, never its fields. */
export interface LogEvent {
  level: 'debug' | 'info' | 'warn' | 'error';
  /** A stable word, `module.what_happened`: `store.unavailable`, `provider.discovered`, `session.refreshed`, … */
  event: string;
  message: string;
  application?: string | undefined;
  user?: string | undefined;
  error?: unknown;
}

export interface EventMap {
  decision: [DecisionEvent];
  signin: [SigninEvent];
  log: [LogEvent];
}

export type Events = EventEmitter<EventMap>;

export function createEvents(): Events {
  return new EventEmitter<EventMap>();
}
