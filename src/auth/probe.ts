/** An auth request about a probe of `gatepost doctor`: decided as any other, and reported. */
import type { IncomingMessage } from 'node:http';
import type { Awaitable } from '../async/maybe_async.ts';
import type { Decision } from '../decision/decision.ts';
import type { AuthRequest } from '../decision/request.ts';
import type { Probes } from '../probe/probes.ts';
import { arrivedFrom } from '../probe/report.ts';
import type { ProbeToken } from '../probe/token.ts';

interface ProbedArrival {
  req: IncomingMessage;
  probe: ProbeToken | undefined;
}

/**
 * Other requests cost two look-ups. A probe that was used before, or cannot be marked as used, is decided
 * as if it were none.
 */
export function withProbe<T extends ProbedArrival>(
  probes: Probes,
  decide: (arrival: T) => Awaitable<void>,
): (arrival: T) => Awaitable<void> {
  const decideProbe = async (arrival: T, probe: ProbeToken): Promise<void> => {
    // Attack: a token that an application or a log has kept is used again.
    if (await probes.spend(probe).catch(() => false)) arrival.probe = probe;
    await decide(arrival);
  };
  return (arrival) => {
    const probe = probes.open(arrival.req.headers);
    return probe === undefined ? decide(arrival) : decideProbe(arrival, probe);
  };
}

/** What was seen and decided, for the doctor. */
export function reportProbe(
  probes: Probes,
  { req, probe }: ProbedArrival,
  outcome: { dialect: string; peer: string; request: AuthRequest | undefined; decision: Decision; status: number },
): void {
  if (probe === undefined) return;
  const { dialect, peer, request, decision, status } = outcome;
  void probes.record(probe, {
    ...arrivedFrom(req, peer),
    kind: 'question',
    dialect,
    decision: decision.kind,
    status,
    reason: 'reason' in decision ? decision.reason : undefined,
    detail: detailOf(decision),
    application: 'application' in decision ? decision.application?.slug : undefined,
    url: request?.url.href,
    method: request?.method,
    clientAddress: request?.clientAddress,
  });
}

function detailOf(decision: Decision): string | undefined {
  if (decision.kind === 'unknown_host') return decision.host;
  return 'message' in decision ? decision.message : undefined;
}
