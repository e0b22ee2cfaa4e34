/** Whether browsers and the provider reach Gatepost's own pages through the proxy. */
import { CALLBACK_MARK, type Endpoint, endpointPath } from '../../endpoints.ts';
import type { PageReport } from '../../probe/report.ts';
import type { Report } from '../check.ts';
import { browserHeaders } from './question.ts';
import { arrivedValues, type Visit } from './visit.ts';

/** A page that is not needed for a login. */
const OPTIONAL: readonly Endpoint[] = ['session'];

interface Seen {
  endpoint: Endpoint;
  status: number;
  page: PageReport | undefined;
}

export async function checkPages(visit: Visit, report: Report): Promise<void> {
  const open = async (endpoint: Endpoint, query = ''): Promise<Seen> => {
    const sent = await visit.ask(endpointPath(endpoint) + query, { purpose: 'page' }, browserHeaders(visit));
    const page = visit.openPage(sent);
    // A router that changes the path leads to Gatepost, and to another page of it.
    const isThere = page?.target.split('?')[0] === endpointPath(endpoint);
    return { endpoint, status: sent.answer.status, page: isThere ? page : undefined };
  };
  const pages: Seen[] = [];
  for (const endpoint of ['start', 'sign_out', 'session', 'ping'] as const) pages.push(await open(endpoint));
  reportPages(pages, report);
  reportCallback(visit, await open('callback', `?${CALLBACK_MARK}=true&code=${visit.marker}`), report);
  reportBackchannel(await open('backchannel_logout'), report);
}

const describe = ({ endpoint, status }: Seen) => `${endpointPath(endpoint)} (${status})`;

function reportPages(pages: readonly Seen[], report: Report) {
  const missing = pages.filter(({ page }) => page === undefined);
  if (missing.length === 0) return report.ok('proxy.pages', pages.map(({ endpoint }) => endpoint).join(', '));
  const isNeeded = missing.some(({ endpoint }) => !OPTIONAL.includes(endpoint));
  const message = `not answered by this Gatepost: ${missing.map(describe).join(', ')}`;
  const remedy =
    'Send /outpost.goauthentik.io/start, callback, sign_out, session, ping and backchannel_logout to Gatepost, without the auth request in front: the files for your proxy have the location or router.';
  if (isNeeded) report.error('proxy.pages', message, remedy);
  else report.warning('proxy.pages', message, remedy);
}

function reportCallback({ marker, cookie }: Visit, seen: Seen, report: Report) {
  const { page } = seen;
  if (page === undefined)
    return report.error(
      'proxy.callback',
      `${describe(seen)} does not reach this Gatepost: no login can end`,
      'Send /outpost.goauthentik.io/callback to Gatepost, without the auth request in front.',
    );
  if (!page.target.includes(`${CALLBACK_MARK}=true`) || !page.target.includes(marker))
    return report.error(
      'proxy.callback',
      `the callback arrives without its query (${page.target.replaceAll(marker, '…')}): the code of the login is in it`,
      'Pass the query on: nginx: no variables in proxy_pass, or $is_args$args behind them; Traefik: no replacePath.',
    );
  if (!arrivedValues(page, 'cookie').some((value) => value.includes(`${cookie}=${marker}`)))
    return report.error(
      'proxy.callback',
      'the callback arrives without the Cookie header: each login begins again',
      'Pass Cookie on to the pages of Gatepost.',
    );
  report.ok('proxy.callback', 'it arrives with its query and its cookies');
}

function reportBackchannel(seen: Seen, report: Report) {
  if (seen.page) return report.ok('proxy.backchannel', 'the provider can end sessions here');
  report.warning(
    'proxy.backchannel',
    `${describe(seen)} does not reach this Gatepost: a sign-out at the provider ends no session here`,
    'Send /outpost.goauthentik.io/backchannel_logout to Gatepost, if the provider is told this address.',
  );
}
