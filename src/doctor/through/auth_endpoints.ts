/**
 * Whether a client reaches an auth endpoint itself. A proxy's own question about the same address is no such thing, so it
 * is told apart: by the endpoint, and by the method.
 */
import { endpointPath } from '../../endpoints.ts';
import type { QuestionReport } from '../../probe/report.ts';
import type { Report } from '../check.ts';
import { arrivedValues, type Visit } from './visit.ts';

const DIALECTS = ['nginx', 'traefik', 'caddy', 'envoy'] as const;

export async function checkAuthEndpoints(visit: Visit, question: QuestionReport, report: Report): Promise<void> {
  const targets = DIALECTS.map((dialect) => `${endpointPath('auth')}/${dialect}`);
  const sent = [];
  for (const target of targets) sent.push(await visit.ask(target, { purpose: 'question', method: 'POST' }));
  const reports = (await visit.reportsOf(sent)) ?? [];
  const reached = targets.flatMap((target, at) => {
    const seen = reports[at];
    return seen !== undefined && isDirect(seen, target, question) ? [{ target, seen }] : [];
  });
  if (reached.length === 0) return report.ok('proxy.auth_endpoints', 'the endpoints for proxies are closed to clients');
  const isRefused = reached.every(({ seen }) => seen.reason === 'denied');
  const danger = isRefused
    ? 'Gatepost refuses to answer there, as long as the proxy says which address was opened'
    : "a script in a page can ask in a visitor's name, with an address of its choice, and read the token in the answer";
  report.error(
    'proxy.auth_endpoints',
    `a client reaches ${reached.map(({ target }) => target).join(', ')} from outside: ${danger}`,
    'Send to Gatepost only start, callback, sign_out, session, ping and backchannel_logout below /outpost.goauthentik.io/, and answer 404 to everything else there; nginx: "internal" in the location of the auth request.',
  );
}

/** Proxies ask by GET, whatever the client's method is, so that a POST that arrives is the client's own. */
function isDirect(seen: QuestionReport, target: string, question: QuestionReport): boolean {
  if (!seen.target.startsWith(target)) return false;
  // The proxy asks there itself: about this request, too.
  if (!question.target.startsWith(target)) return true;
  // Envoy puts the client's address behind the endpoint, and keeps the method.
  if (seen.dialect === 'envoy') return !seen.target.slice(target.length).startsWith(target);
  return seen.requestMethod === 'POST' && !namesItself(seen, target);
}

/** Traefik can be told to keep the method: then the forwarded URL is this address. */
function namesItself(seen: QuestionReport, target: string): boolean {
  return arrivedValues(seen, 'x-forwarded-uri').some((value) => value.startsWith(target));
}
