/**
 * What decisions have in common: a handful of kinds for each application. What log and metrics make of a kind is made once
 * and found again without a text as its key, which would be put together for each request.
 */
import type { DecisionEvent } from './events.ts';

export type DecisionKind = Pick<
  DecisionEvent,
  'application' | 'dialect' | 'decision' | 'status' | 'reason' | 'auth_method'
>;

/**
 * Attack: a client that makes kinds fills the memory. It cannot: all members are words of closed lists, but for the
 * application, which is one of the configuration.
 * @param make called once for each kind
 * @returns finds what was made of the kind of an event
 */
export function memoizeByKind<T>(make: (kind: DecisionKind) => T): (event: DecisionKind) => T {
  const byApplication = new Map<string | undefined, { kind: DecisionKind; made: T }[]>();
  return (event) => {
    const { application, dialect, decision, status, reason, auth_method } = event;
    let known = byApplication.get(application);
    if (known === undefined) {
      known = [];
      byApplication.set(application, known);
    }
    for (const { kind, made } of known) {
      if (
        kind.decision === decision &&
        kind.auth_method === auth_method &&
        kind.dialect === dialect &&
        kind.status === status &&
        kind.reason === reason
      )
        return made;
    }
    const kind = { application, dialect, decision, status, reason, auth_method };
    const made = make(kind);
    known.push({ kind, made });
    return made;
  };
}
