/**
 * What reaches the application of a request that Gatepost lets through. Only an application that shows the headers it got
 * can tell, so where it does not, that is said.
 */
import { namedHeaders } from '../../config/identity_headers.ts';
import { PROBE_PATH } from '../../endpoints.ts';
import type { CheckId, Report } from '../check.ts';
import { checkHeaderSize } from './header_size.ts';
import type { Headers } from './send.ts';
import type { Sent, Visit } from './visit.ts';

/** What the client forges, by the check that it belongs to. */
const FORGED = {
  'proxy.forged_headers': ['username', 'groups', 'entitlements', 'email', 'name', 'uid', 'jwt', 'meta-app'].map(
    (name) => `X-authentik-${name}`,
  ),
  'proxy.spelled_headers': [
    'X_authentik_username',
    'X-authentik_username',
    'X.authentik.username',
    'X_Authentik_Groups',
  ],
  'proxy.client_headers': ['X-Real-IP', 'X-Forwarded-Prefix', 'X-Forwarded-Port'],
} satisfies Partial<Record<CheckId, readonly string[]>>;

const REMEDIES = {
  'proxy.forged_headers':
    'Let the proxy set or remove every X-authentik-* header of the client: nginx: proxy_set_header for each of the twelve; Traefik: authResponseHeadersRegex; Caddy: request_header -X-Authentik* in front of copy_headers; the files for your proxy do it. The files know the names of Authelia, oauth2-proxy and Grafana as well; others of identity_headers need lines (docs/identity-headers.md). If the application believes these headers, anybody can be anyone there until then.',
  'proxy.spelled_headers':
    'Let the proxy remove header names with other characters than letters, digits and dashes: nginx: underscores_in_headers off, ignore_invalid_headers on; Traefik: authResponseHeadersRegex of the shipped file; Caddy: the request_header lines of gatepost.caddy.',
  'proxy.client_headers': 'Let the proxy set or remove them, as the files for it do.',
} satisfies Record<keyof typeof FORGED, string>;

const CHECKED = ['proxy.forged_headers', 'proxy.spelled_headers', 'proxy.client_headers'] as const;
type CheckedId = (typeof CHECKED)[number];

const HOW =
  'Put an application that shows them in its place for a minute (the container traefik/whoami, for example), and run this again; or compare your proxy with the files for it.';

export async function checkApplicationHeaders(visit: Visit, report: Report): Promise<void> {
  const headers = forgedHeaders(visit);
  const sent = await visit.ask(PROBE_PATH, { purpose: 'pass' }, headers);
  const [seen] = (await visit.reportsOf([sent])) ?? [];
  const problem =
    seen === undefined
      ? `the proxy does not ask about ${PROBE_PATH}`
      : seen.decision === 'allow'
        ? undefined
        : `${PROBE_PATH} is refused (${seen.reason ?? seen.decision})`;
  if (problem !== undefined)
    return cannotTell(problem, report, [...CHECKED, 'proxy.session_cookie', 'proxy.header_size']);
  judge(visit, headers, sent, report);
  await checkHeaderSize(visit, sent.answer, report);
}

/** Those of every application, and those that this one reads by `identity_headers`. */
function forgedNames(id: CheckedId, { application }: Pick<Visit, 'application'>): readonly string[] {
  if (id !== 'proxy.forged_headers') return FORGED[id];
  return [...FORGED[id], ...namedHeaders(application).map(({ name }) => name)];
}

/** Each value is another one, and found in no other place. */
function forgedHeaders(visit: Visit): Headers {
  const { marker, cookie } = visit;
  const values = CHECKED.flatMap((id) => forgedNames(id, visit)).map((name, at) => [name, markOf(marker, at)] as const);
  return {
    ...Object.fromEntries(values),
    [ECHO]: `echo-${marker}`,
    Cookie: `${cookie}=session-${marker}; gatepost_doctor=1`,
  };
}

const ECHO = 'X-Gatepost-Doctor';
const markOf = (marker: string, at: number) => `forged-${at}-${marker}`;

function judge(visit: Visit, headers: Headers, { answer }: Sent, report: Report) {
  const { marker } = visit;
  const { body } = answer;
  const arrived = (names: readonly string[]) => names.filter((name) => body.includes(`${headers[name]}`));
  const shows = body.includes(`${headers[ECHO]}`);
  for (const id of CHECKED) {
    const names = arrived(forgedNames(id, visit));
    if (names.length > 0) {
      const level = id === 'proxy.client_headers' ? 'warning' : 'error';
      report[level](id, `the application gets what a client wrote: ${names.join(', ')}`, REMEDIES[id]);
    } else if (shows) report.ok(id, 'they do not reach the application');
    else cannotTell(`the application (status ${answer.status}) does not show which headers it gets`, report, [id]);
  }
  reportCookie(body.includes(`session-${marker}`), shows, report);
}

function reportCookie(arrives: boolean, shows: boolean, report: Report) {
  if (arrives)
    return report.warning(
      'proxy.session_cookie',
      'the application gets the session cookie: who can read its log can act as the visitor',
      "Copy Cookie from Gatepost's answer into the request, as you copy the identity headers: the files for your proxy do it.",
    );
  if (shows) return report.ok('proxy.session_cookie', 'it does not reach the application');
  cannotTell('the application does not show which headers it gets', report, ['proxy.session_cookie']);
}

function cannotTell(why: string, report: Report, ids: readonly CheckId[]) {
  for (const id of ids) report.warning(id, `could not be checked: ${why}`, HOW);
}
