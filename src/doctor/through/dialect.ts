/** Whether the proxy asks at the endpoint that is made for it, by the headers in which proxies name the address. */
import type { QuestionReport } from '../../probe/report.ts';
import type { Report } from '../check.ts';
import type { Answer } from './send.ts';
import { arrivedValues } from './visit.ts';

type Kind = 'nginx' | 'traefik' | 'caddy' | 'envoy';

/** What wrote the headers; `undefined` where they do not tell. The doctor sends none of these itself. */
export function proxyOf(question: Pick<QuestionReport, 'headers'>): Kind | undefined {
  const has = (name: string) => arrivedValues(question, name).some((value) => value !== '');
  if (question.headers.some(([name]) => name.startsWith('x-envoy-'))) return 'envoy';
  if (has('x-original-url') || has('x-original-uri') || has('x-original-method')) return 'nginx';
  if (arrivedValues(question, 'via').some((value) => /caddy/i.test(value))) return 'caddy';
  if (has('x-forwarded-uri') && has('x-forwarded-method')) return 'traefik';
  return undefined;
}

/** Traefik and Caddy ask alike. */
const groupOf = (kind: string) => (kind === 'caddy' ? 'traefik' : kind);

const NAMES: Record<Kind, string> = { nginx: 'nginx', traefik: 'Traefik or Caddy', caddy: 'Caddy', envoy: 'Envoy' };

/** @returns whether Gatepost could read the question */
export function checkDialect(question: QuestionReport, { status }: Answer, report: Report): boolean {
  const { dialect, decision, detail, target } = question;
  const kind = proxyOf(question);
  const isUnreadable = decision === 'invalid_request';
  if (kind !== undefined && groupOf(kind) !== groupOf(dialect)) {
    const why = isUnreadable ? `: ${detail}` : '';
    reportWrong(dialect, target, `the headers are those of ${NAMES[kind]}${why}`, kind, report);
    return !isUnreadable;
  }
  if (isUnreadable) {
    report.error(
      'proxy.dialect',
      `the proxy asks at ${target}, and Gatepost cannot read the question: ${detail}`,
      `Let the proxy set that header, as the files for it do; or point it at the endpoint of its own kind: ${kind ?? 'nginx, traefik, caddy or envoy'}.`,
    );
    return false;
  }
  // auth_request knows 200, 401 and 403; of a redirect nginx makes a 500.
  if (groupOf(dialect) !== 'nginx' && question.status < 400 && question.status >= 300 && status === 500) {
    reportWrong(dialect, target, 'it makes a 500 of the redirect to the login, as nginx does', 'nginx', report);
    return true;
  }
  report.ok('proxy.dialect', `the proxy asks as ${dialect}`);
  return true;
}

function reportWrong(dialect: string, target: string, why: string, kind: Kind, report: Report) {
  report.error(
    'proxy.dialect',
    `the proxy asks in the dialect ${dialect} (${target.split('?')[0]}), and ${why}`,
    `Point it at /outpost.goauthentik.io/auth/${kind}, and take the files for ${NAMES[kind]}: each kind of proxy understands other answers.`,
  );
}
