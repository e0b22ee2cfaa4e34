/** What the log learns of a decision: who, what, why and how long; nothing that opens a door. */

import { batchPerTick } from '../async/batch.ts';
import type { Decision } from '../decision/decision.ts';
import type { AuthRequest } from '../dialects/dialect.ts';
import { causeOf, GatepostError } from '../errors.ts';
import type { Events } from '../observe/events.ts';
import type { RequestInfo } from './handler.ts';

export type DecisionLog = (
  info: RequestInfo,
  request: AuthRequest | undefined,
  decision: Decision,
  status: number,
) => void;

export function createDecisionLog(events: Events, withQuery: boolean): DecisionLog {
  const tell = batchPerTick(
    ({ info, request, decision, status, duration_ms }: LoggedDecision) => {
      const application = 'application' in decision ? decision.application : undefined;
      const subject = 'subject' in decision ? decision.subject?.session : undefined;
      events.emit('decision', {
        request_id: info.id,
        application: application?.slug,
        dialect: info.dialect,
        method: request?.method,
        host: request?.url.host,
        path: request?.url.path.raw,
        query: withQuery ? request?.url.query : undefined,
        decision: decision.kind,
        status,
        reason: reasonOf(decision),
        rule: 'rule' in decision ? decision.rule : undefined,
        detail: detailOf(decision),
        user: subject?.user.username || subject?.sub,
        auth_method: subject?.authMethod,
        client_ip: request?.client,
        duration_ms,
      });
      // A listener that fails has nobody to tell it to; the answers have been given.
    },
    () => undefined,
  );
  // After the answers of this turn: nobody waits for a line in the log.
  return (info, request, decision, status) =>
    tell({ info, request, decision, status, duration_ms: performance.now() - info.startedAt });
}

interface LoggedDecision {
  info: RequestInfo;
  request: AuthRequest | undefined;
  decision: Decision;
  status: number;
  /** From the arrival to the answer. */
  duration_ms: number;
}

function reasonOf(decision: Decision) {
  switch (decision.kind) {
    case 'unknown_host':
    case 'rate_limited':
      return decision.kind;
    case 'invalid_request':
      return 'configuration_error';
    default:
      return decision.reason;
  }
}

function detailOf(decision: Decision): string | undefined {
  if (decision.kind === 'invalid_request') return decision.message;
  if (decision.kind === 'forbid') return decision.message;
  if (decision.kind !== 'unavailable') return undefined;
  const { cause } = decision;
  if (cause instanceof GatepostError) return causeOf(cause);
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : undefined;
}
