/** Notes for a known user what was refused: the visitor's page says it. */
import type { Forbid } from '../decision/decision.ts';
import type { AuthRequest } from '../decision/request.ts';
import { isNavigation } from '../http/request_kind.ts';
import type { Sessions } from '../sessions/sessions.ts';

export type RefusalNote = (request: AuthRequest, decision: Forbid) => void;

export function createRefusalNote({ noteRefusal }: Pick<Sessions, 'noteRefusal'>): RefusalNote {
  return (request, { reason, subject }) => {
    if (subject === undefined || (reason !== 'forbidden' && reason !== 'unusable_identity')) return;
    const { scheme, host, path } = request.url;
    // Without the query, which may hold what nobody should read from a screen.
    noteRefusal(subject, { address: `${scheme}://${host}${path.raw}`, reason, isVisit: isNavigation(request) });
  };
}
