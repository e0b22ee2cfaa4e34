/** A decision as a log event: user, request, reason and duration; nothing that opens a door. */
import type { IncomingHttpHeaders } from 'node:http';
import { batchPerTick } from '../async/batch.ts';
import { type CriterionTrace, describeCriterion } from '../decision/criterion.ts';
import type { Decision, Forbid } from '../decision/decision.ts';
import type { AuthRequest } from '../decision/request.ts';
import { missingCriteria } from '../decision/trace_user.ts';
import type { AuthTarget } from '../dialects/index.ts';
import { causeOf, GatepostError, loggedMessage } from '../errors.ts';
import { parseTraceparent } from '../http/trace_context.ts';
import { displayName } from '../identity.ts';
import type { Events } from '../observe/events.ts';
import type { Symptoms } from '../symptoms/index.ts';

export interface RequestInfo {
  requestId: string;
  target: AuthTarget;
  /** Empty where the peer is not trusted: nothing that it says is believed. */
  headers: IncomingHttpHeaders;
  /** `performance.now()` at the arrival. */
  startedAt: number;
}

export type DecisionLog = (
  info: RequestInfo,
  request: AuthRequest | undefined,
  decision: Decision,
  status: number,
) => void;

interface LoggedDecision {
  info: RequestInfo;
  request: AuthRequest | undefined;
  decision: Decision;
  status: number;
  /** Milliseconds from the arrival to the response. */
  durationMs: number;
}

export interface DecisionLogOptions {
  events: Events;
  /** `log.query` */
  logQuery: boolean;
  symptoms: Pick<Symptoms, 'asked'>;
}

export function createDecisionLog({ events, logQuery, symptoms }: DecisionLogOptions): DecisionLog {
  const log = batchPerTick(
    ({ info, request, decision, status, durationMs }: LoggedDecision) => {
      const application = 'application' in decision ? decision.application : undefined;
      const { traceId, spanId } = parseTraceparent(info.headers.traceparent);
      const missing = decision.kind === 'forbid' ? missingOf(decision) : undefined;
      const subject = 'subject' in decision ? decision.subject?.session : undefined;
      events.emit('decision', {
        request_id: info.requestId,
        application: application?.slug,
        dialect: info.target.dialect.name,
        method: request?.method,
        host: request?.url.host,
        path: request?.url.path.raw,
        query: logQuery ? request?.url.query : undefined,
        decision: decision.kind,
        status,
        reason: reasonOf(decision),
        rule: 'rule' in decision ? decision.rule : undefined,
        detail: detailOf(decision, missing),
        missing: missing?.map(({ criterion, wants, has }) => ({ criterion, wants, has })),
        user: subject && displayName(subject),
        auth_method: subject?.authMethod,
        client_ip: request?.clientAddress,
        duration_ms: durationMs,
        trace_id: traceId,
        span_id: spanId,
      });
      symptoms.asked({ target: info.target, headers: info.headers, request, decision });
    },
    // The responses have been sent; an event that cannot be made is lost alone.
    () => undefined,
  );
  // After the responses: no client waits for a line in the log.
  return (info, request, decision, status) =>
    log({ info, request, decision, status, durationMs: performance.now() - info.startedAt });
}

function reasonOf(decision: Decision) {
  switch (decision.kind) {
    case 'unknown_host':
    case 'rate_limited':
    case 'uri_too_long':
    case 'headers_too_large':
      return decision.kind;
    case 'invalid_request':
      return 'configuration_error';
    default:
      return decision.reason;
  }
}

function detailOf(decision: Decision, missing: readonly CriterionTrace[] | undefined): string | undefined {
  if (decision.kind === 'invalid_request') return decision.message;
  if (decision.kind === 'unknown_host' && decision.known.length > 0) return `known is ${decision.known.join(', ')}`;
  if (decision.kind === 'unknown_host' && decision.why !== undefined) return decision.why;
  if (decision.kind === 'forbid')
    return [decision.message, missing?.map(describeCriterion).join('; ')].filter(Boolean).join(': ');
  if (decision.kind !== 'unavailable') return undefined;
  const { cause } = decision;
  if (cause instanceof GatepostError) return causeOf(cause);
  return cause instanceof Error ? `${cause.name}: ${loggedMessage(cause)}` : undefined;
}

/**
 * What the refusing rule wants, and what the user has in its place.
 * Not from a trace of all rules: it compiles their patterns again, at each request of a user who may not.
 */
function missingOf({ rule, application, subject }: Forbid): readonly CriterionTrace[] | undefined {
  const refusing = rule === undefined ? undefined : application?.rules.list.find(({ name }) => name === rule);
  return refusing && subject && missingCriteria(refusing, subject.session.user);
}
