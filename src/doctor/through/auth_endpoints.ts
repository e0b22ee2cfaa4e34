/**
 * Whether a client reaches an auth endpoint itself. A proxy's own question about the same address is no such thing, so it
 * is told apart: by the endpoint, and by a mark in the query that only the client's own request carries.
 */
import { endpointPath } from '../../endpoints.ts';
import type { QuestionReport } from '../../probe/report.ts';
import type { Report } from '../check.ts';
import { arrivedValues, type Visit } from './visit.ts';

const DIALECTS = ['nginx', 'traefik', 'caddy', 'envoy'] as const;

export async function checkAuthEndpoints(visit: Visit, question: QuestionReport, report: Report): Promise<void> {
  const targets = DIALECTS.map((dialect) => `${endpointPath('auth')}/${dialect}`);
  const sent = [];
  for (const target of targets) sent.push(await visit.ask(`${target}?${visit.marker}`, { purpose: 'question' }));
  const reports = (await visit.reportsOf(sent)) ?? [];
  const reached = targets.filter((target, at) => {
    const seen = reports[at];
    return seen !== undefined && isDirect(seen, target, question, visit.marker);
  });
  if (reached.length === 0) return report.ok('proxy.auth_endpoints', 'the endpoints for proxies are closed to clients');
  report.error(
    'proxy.auth_endpoints',
    `a client reaches ${reached.join(', ')} from outside: a script in a page can ask in a visitor's name, and read the answer with its token`,
    'Send to Gatepost only start, callback, sign_out, session, ping and backchannel_logout below /outpost.goauthentik.io/, and answer 404 to everything else there; nginx: "internal" in the location of the auth request.',
  );
}

function isDirect(seen: QuestionReport, target: string, question: QuestionReport, marker: string): boolean {
  if (!seen.target.startsWith(target)) return false;
  const own = question.target.split('?')[0] ?? '';
  // The proxy asks there itself: about this request, too.
  if (!own.startsWith(target)) return true;
  // Envoy puts the client's address behind the endpoint.
  if (seen.dialect === 'envoy') return !seen.target.slice(target.length).startsWith(target);
  return seen.target.includes(marker) && !namesItself(seen, target);
}

/** Caddy's forward_auth hands the client's query on: then the forwarded URL is this address. */
function namesItself(seen: QuestionReport, target: string): boolean {
  return arrivedValues(seen, 'x-forwarded-uri').some((value) => value.startsWith(target));
}
