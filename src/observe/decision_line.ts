/**
 * A decision as one line of JSON. Every request of every site writes one: composed by hand it takes a third of the time
 * that a logger takes to walk an object it does not know (docs/performance.md).
 */
import { escapeControls } from '../characters.ts';
import { type DecisionKind, memoizeByKind } from './decision_kinds.ts';
import type { DecisionEvent } from './events.ts';

/**
 * @param time the member `time` with the comma before it, as pino's `timestamp` gives it
 * @returns the members that pino would write, every control character escaped
 */
export type DecisionLine = (level: 'info' | 'warn', time: string, event: DecisionEvent) => string;

export function createDecisionLine(): DecisionLine {
  const membersOf = memoizeByKind(membersOfKind);
  return (level, time, event) =>
    `{"level":"${level}"${time},"request_id":${quote(event.request_id)}${membersOf(event)}` +
    member(',"method":', event.method) +
    member(',"host":', event.host) +
    member(',"path":', event.path) +
    member(',"query":', event.query) +
    member(',"rule":', event.rule) +
    member(',"detail":', event.detail) +
    (event.missing === undefined ? '' : `,"missing":${toJson(event.missing)}`) +
    member(',"user":', event.user) +
    member(',"client_ip":', event.client_ip) +
    member(',"trace_id":', event.trace_id) +
    member(',"span_id":', event.span_id) +
    `,"duration_ms":${roundMs(event.duration_ms)},"msg":"decision"}\n`;
}

function membersOfKind({ application, dialect, decision, status, reason, auth_method }: DecisionKind): string {
  return (
    member(',"application":', application) +
    member(',"dialect":', dialect) +
    member(',"decision":', decision) +
    `,"status":${status}` +
    member(',"reason":', reason) +
    member(',"auth_method":', auth_method)
  );
}

/** To microseconds: the digits after them are noise. */
export function roundMs(durationMs: number): number {
  return Math.round(durationMs * 1000) / 1000;
}

function member(name: string, text: string | undefined): string {
  return text === undefined ? '' : name + quote(text);
}

/** What is not plain ASCII, or does not stand in JSON as it is: quotation mark and backslash. */
const NOT_PLAIN = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;

/**
 * Attack: a path or a name with a quotation mark or a line break would forge a field or a line. All that is not known to
 * be harmless goes through the platform's JSON.
 */
function quote(text: string): string {
  return NOT_PLAIN.test(text) ? toJson(text) : `"${text}"`;
}

/** JSON escapes the controls below the space; the others, and two line separators, would stand in it raw. */
function toJson(value: unknown): string {
  return escapeControls(JSON.stringify(value));
}
