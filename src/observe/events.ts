/** Typed events of all modules. Log and metrics listen to them; no other module imports a logger. */
import { EventEmitter } from 'node:events';
import { writeSync } from 'node:fs';
import type { Reason } from '../reasons.ts';
import type {
  CredentialEvent,
  ProviderCallEvent,
  RefreshEvent,
  SessionEndedEvent,
  SessionStartedEvent,
  StoreCallEvent,
} from './counted_events.ts';

/** One response on `/auth/*`. Holds no secret: no cookie, no header value, no query without `log.query`. */
export interface DecisionEvent {
  readonly request_id: string;
  readonly dialect: string;
  readonly application: string | undefined;
  readonly method: string | undefined;
  readonly host: string | undefined;
  readonly path: string | undefined;
  readonly query: string | undefined;
  readonly decision: string;
  readonly status: number;
  readonly reason: Reason | undefined;
  /** The access rule behind a denial: `access[1]`, as `gatepost explain` names it. */
  readonly rule: string | undefined;
  /** A sentence for the operator. The client never sees what it says about the inside. */
  readonly detail: string | undefined;
  /** What the rule behind a `forbidden` wants, and what the user has in its place. */
  readonly missing?: readonly { criterion: string; wants: string; has: string }[] | undefined;
  readonly user: string | undefined;
  readonly auth_method: string | undefined;
  readonly client_ip: string | undefined;
  /** Milliseconds from the arrival of the request to the response. */
  readonly duration_ms: number;
  /** Of the request's `traceparent` (http/trace_context.ts), as in `SigninEvent`. */
  readonly trace_id?: string | undefined;
  readonly span_id?: string | undefined;
}

/** One response to a browser or to the provider at a sign-in endpoint. */
export interface SigninEvent {
  readonly request_id: string;
  readonly endpoint: 'start' | 'callback' | 'sign_out' | 'session' | 'backchannel_logout';
  readonly application: string | undefined;
  readonly outcome: string;
  readonly status: number;
  readonly reason: Reason | undefined;
  readonly detail?: string | undefined;
  readonly user?: string | undefined;
  readonly duration_ms: number;
  readonly trace_id?: string | undefined;
  readonly span_id?: string | undefined;
}

/** One answer of `ping`. What is in it, a client has written: it is no label. */
export interface PingEvent {
  readonly method: string;
  /** `Host` of the request. */
  readonly host: string | undefined;
  /** Milliseconds from the arrival of the request to the response. */
  readonly duration_ms: number;
}

/**
 * A line for the log. `error` may carry a private cause: the log prints its name, code and message, never its fields.
 */
export interface LogEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** A stable word, `module.what_happened`: `store.unavailable`, `provider.discovered`, `session.refreshed`, … */
  readonly event: string;
  readonly message: string;
  readonly application?: string | undefined;
  readonly user?: string | undefined;
  readonly error?: unknown;
}

export interface EventMap {
  decision: [DecisionEvent];
  signin: [SigninEvent];
  ping: [PingEvent];
  log: [LogEvent];
  provider_call: [ProviderCallEvent];
  store_call: [StoreCallEvent];
  session_started: [SessionStartedEvent];
  session_ended: [SessionEndedEvent];
  refresh: [RefreshEvent];
  credential: [CredentialEvent];
}

/** An emitter whose listeners cannot disturb the program or each other; see `createEvents`. */
export type Events = EventEmitter<EventMap>;

/**
 * An emitter that survives its listeners. A listener that throws or rejects loses only its own call: other listeners
 * and the emitting module go on. The first failure for each kind of event is reported as a `log` event, or on standard
 * error where none would receive it. Events are frozen, so every listener sees what was emitted.
 */
export function createEvents(): Events {
  const events = new EventEmitter<EventMap>();
  const reported = new Set<string>();

  const report = (kind: string, error: unknown): void => {
    if (reported.has(kind)) return;
    reported.add(kind);
    const message = `a listener of ${kind} events failed; other listeners are not affected, later failures are not reported`;
    // The failing listener of `log` events may be the log itself.
    if (kind === 'log' || events.listenerCount('log') === 0) writeToStderr(`gatepost: ${message}\n`);
    else events.emit('log', { level: 'error', event: 'listener.failed', message, error });
  };

  // Every module emits a fresh object: freezing it costs 0.1 µs, a frozen copy thirty times as much.
  events.emit = (kind: unknown, event?: unknown): boolean => {
    const listeners = events.rawListeners(kind as keyof EventMap) as ((event: unknown) => unknown)[];
    Object.freeze(event);
    for (const listener of listeners) {
      try {
        const result = listener.call(events, event);
        if (result instanceof Promise) result.catch((error: unknown) => report(String(kind), error));
      } catch (error) {
        report(String(kind), error);
      }
    }
    return listeners.length > 0;
  };
  return events;
}

function writeToStderr(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // Standard error is closed or full: the report is lost, the program goes on.
  }
}
