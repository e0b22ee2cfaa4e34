/** Outpost mode: a proxy that authentik's own outpost would answer, as that answers everybody. */
import type { Decision } from '../decision/decision.ts';
import type { Say } from './symptom.ts';

/** The refusal names the variable, as there may be no file to look at. */
export function warnOfUntrustedProxy(say: Say, decision: Decision): void {
  if (decision.kind !== 'forbid' || decision.reason !== 'untrusted_peer') return;
  say(
    'proxy.untrusted',
    undefined,
    () =>
      `an auth request was refused, as ${decision.message}: if that is your proxy, AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS (or trusted_proxies in the file) has to name its address or network, beside those that it has now; authentik's own outpost answers every peer`,
  );
}
