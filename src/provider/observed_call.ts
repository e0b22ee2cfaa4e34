/** Times the requests to a provider, and says what came of each. */
import type { ProviderCall, ProviderOutcome } from '../observe/counted_events.ts';
import type { Events } from '../observe/events.ts';
import { ClientRejected } from './map_errors.ts';
import type { OutboundFetch } from './outbound.ts';

export interface ObservedCall {
  events: Events;
  /** As it is configured. */
  issuer: string;
  call: ProviderCall;
}

/** Of openid-client, undici and jose. */
const TIMEOUT_CODES = ['OAUTH_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'ERR_JWKS_TIMEOUT'];
const MAX_CAUSES = 6;

/**
 * @param judge what a result says, which is no outage by itself
 * @throws what `work` throws
 */
export async function observeCall<T>(
  { events, issuer, call }: ObservedCall,
  work: () => Promise<T>,
  judge: (result: T) => ProviderOutcome,
): Promise<T> {
  const startedAt = performance.now();
  const report = (outcome: ProviderOutcome) =>
    events.emit('provider_call', { issuer, call, outcome, duration_ms: performance.now() - startedAt });
  try {
    const result = await work();
    report(judge(result));
    return result;
  } catch (error) {
    report(outcomeOf(error));
    throw error;
  }
}

/** `fetch` whose responses count as outages unless their status is 200: of a document that anybody may read. */
export function observeFetch(call: ObservedCall, fetch: OutboundFetch): OutboundFetch {
  const judge = ({ status }: Response) => (status === 200 ? 'ok' : 'unavailable');
  return (url, request) => observeCall(call, () => fetch(url, request), judge);
}

/** What a result of the provider layer says: a rejection is a value there. */
export const outcomeOfResult = ({ kind }: { kind: string }): ProviderOutcome =>
  kind === 'rejected' ? 'rejected' : 'ok';

function outcomeOf(error: unknown): ProviderOutcome {
  if (error instanceof ClientRejected) return 'client_rejected';
  let cause = error;
  for (let depth = 0; depth < MAX_CAUSES && cause instanceof Error; depth += 1) {
    if (isTimeout(cause)) return 'timeout';
    cause = cause.cause;
  }
  return 'unavailable';
}

function isTimeout(error: Error): boolean {
  const code = 'code' in error ? error.code : undefined;
  return error.name === 'TimeoutError' || TIMEOUT_CODES.some((one) => one === code);
}
