/** What the log learns of a decision: who, what, why and how long; nothing that opens a door. */

import { batchPerTick } from '../async/batch.ts';
import type { Decision } from '../decision/decision.ts';
import type { Question } from '../dialects/dialect.ts';
import { causeOf, GatepostError } from '../errors.ts';
import type { Events } from '../observe/events.ts';
import type { Asked } from './handler.ts';

export type DecisionTeller = (asked: Asked, question: Question | undefined, decision: Decision, status: number) => void;

export function tellDecision(events: Events, withQuery: boolean): DecisionTeller {
  const tell = batchPerTick(
    ({ asked, question, decision, status, ms }: Told) => {
      const application = 'application' in decision ? decision.application : undefined;
      const subject = 'subject' in decision ? decision.subject?.session : undefined;
      events.emit('decision', {
        id: asked.id,
        application: application?.slug,
        dialect: asked.dialect,
        method: question?.method,
        host: question?.url.host,
        path: question?.url.path.raw,
        query: withQuery ? question?.url.query : undefined,
        decision: decision.kind,
        status,
        reason: reasonOf(decision),
        rule: 'rule' in decision ? decision.rule : undefined,
        detail: detailOf(decision),
        user: subject?.user.username || subject?.sub,
        means: subject?.authMethod,
        client: question?.client,
        ms,
      });
      // A listener that fails has nobody to tell it to; the answers have been given.
    },
    () => undefined,
  );
  // After the answers of this turn: nobody waits for a line in the log.
  return (asked, question, decision, status) =>
    tell({ asked, question, decision, status, ms: performance.now() - asked.began });
}

interface Told {
  asked: Asked;
  question: Question | undefined;
  decision: Decision;
  status: number;
  /** From the arrival to the answer. */
  ms: number;
}

function reasonOf(decision: Decision) {
  switch (decision.kind) {
    case 'unknown_host':
    case 'rate_limited':
      return decision.kind;
    case 'misconfigured':
      return 'configuration_error';
    default:
      return decision.reason;
  }
}

function detailOf(decision: Decision): string | undefined {
  if (decision.kind === 'misconfigured') return decision.message;
  if (decision.kind === 'forbid') return decision.message;
  if (decision.kind !== 'unavailable') return undefined;
  const { cause } = decision;
  if (cause instanceof GatepostError) return causeOf(cause);
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : undefined;
}
