/** Whether and how the proxy asks Gatepost, seen from both sides: what it asked, and what the visitor got. */
import type { Config } from '../../config/schema/config.ts';
import { endpointPath, endpointUrl, isHttps } from '../../endpoints.ts';
import { parseAbsoluteUrl } from '../../http/url.ts';
import type { QuestionReport } from '../../probe/report.ts';
import type { Report } from '../check.ts';
import { checkClientAddress, INVENTED_ADDRESS } from './client_address.ts';
import { checkDialect, proxyOf } from './dialect.ts';
import type { Answer, Headers } from './send.ts';
import { arrivedValues, type Sent, type Visit } from './visit.ts';

/** A browser that opens a page, with a cookie of Gatepost's name, from an address that it makes up. */
export function browserHeaders({ cookie, marker }: Visit): Headers {
  return {
    Accept: 'text/html,application/xhtml+xml',
    'Sec-Fetch-Mode': 'navigate',
    'Sec-Fetch-Dest': 'document',
    'Upgrade-Insecure-Requests': '1',
    Cookie: `${cookie}=${marker}`,
    'X-Forwarded-For': INVENTED_ADDRESS,
  };
}

/**
 * @param isPageOurs whether a page of this Gatepost was reached through the proxy
 * @returns the question; `undefined`: the proxy asks none that is heard; `silent`: no Gatepost says what it saw
 */
export async function checkQuestion(
  visit: Visit,
  config: Config,
  isPageOurs: boolean,
  report: Report,
): Promise<QuestionReport | 'silent' | undefined> {
  const sent = await visit.ask(visit.through.href, { purpose: 'question' }, browserHeaders(visit));
  const reports = await visit.reportsOf([sent]);
  if (reports === undefined) {
    report.error(
      'proxy.gatepost',
      'neither the site nor the address in listen.http leads to a Gatepost that has this secret: nothing could be seen of what the proxy asks',
      'Start Gatepost with this very configuration (secret, store); if it runs elsewhere, name its address: --gatepost http://gatepost:9000. The clocks of both machines must agree.',
    );
    return 'silent';
  }
  report.ok('proxy.gatepost', isPageOurs ? 'it answers through the proxy' : 'it answers past the proxy');
  const [question] = reports;
  if (question === undefined) return reportNoQuestion(sent, report);
  report.ok('proxy.question', `the proxy asks at ${question.target}, from ${question.peer}`);
  if (question.reason === 'untrusted_peer') return reportPeer(question, report);
  report.ok('proxy.peer', `${question.peer} is in trusted_proxies`);
  const isReadable = checkDialect(question, sent.answer, report);
  if (!isReadable) return question;
  checkHost(visit, question, report);
  checkScheme(visit, question, report);
  checkMethod(config, question, report);
  checkClientAddress(question, visit.through, report);
  checkCookie(visit, question, report);
  checkLogin(visit, question, sent.answer, report);
  return question;
}

function reportNoQuestion({ answer }: Sent, report: Report): undefined {
  const passed = answer.status >= 200 && answer.status < 400 ? ': it lets everybody in' : '';
  report.error(
    'proxy.question',
    `the site answers ${answer.status || 'nothing'}, and Gatepost was not asked${passed}`,
    'Turn the protection on for this address in the proxy (auth_request, forwardAuth, forward_auth, ext_authz); look whether it asks another Gatepost or authentik, or does not reach this one.',
  );
}

function reportPeer({ peer }: QuestionReport, report: Report): undefined {
  report.error(
    'proxy.peer',
    `the proxy asks from ${peer}, which is not in trusted_proxies: every request is refused`,
    `Add ${peer}, or its network, to trusted_proxies, if that is your proxy.`,
  );
}

function checkHost(
  { through, application }: Visit,
  { url, decision, application: found, detail }: QuestionReport,
  report: Report,
) {
  const asked = new URL(url ?? through).host;
  if (decision === 'unknown_host')
    return report.error(
      'proxy.host',
      `the proxy asks about the host ${detail}, and no application has it`,
      `Let the proxy pass on the host that was opened (${through.host}), with its port unless that is 80 or 443, or correct external_host.`,
    );
  if (found !== undefined && found !== application.slug)
    return report.error(
      'proxy.host',
      `the proxy asks about ${asked}, which belongs to ${found}, not to ${application.slug}`,
      `Let the proxy pass on the host that was opened (${through.host}).`,
    );
  report.ok('proxy.host', `the proxy asks about ${asked}`);
}

function checkScheme({ application }: Visit, { url = '' }: QuestionReport, report: Report) {
  const read = parseAbsoluteUrl(url);
  const scheme = 'problem' in read ? 'unknown' : read.scheme;
  const expected = isHttps(application) ? 'https' : 'http';
  if (scheme === expected) return report.ok('proxy.scheme', `the proxy says ${scheme}`);
  report.warning(
    'proxy.scheme',
    `the proxy says ${scheme}, and external_host is ${expected}: TLS ends in front of it`,
    `Let it say ${expected}: nginx: X-Original-URL and X-Forwarded-Proto with ${expected} in place of $scheme; Traefik: forwardedHeaders.trustedIPs of the entry point; Caddy: trusted_proxies of the server.`,
  );
}

function checkMethod({ nginx_method_header: name }: Config, question: QuestionReport, report: Report) {
  const { dialect, method } = question;
  if (dialect !== 'nginx' || proxyOf(question) !== 'nginx' || name === undefined) return;
  if (method === 'GET') return report.ok('proxy.method', `${name} is there`);
  report.warning(
    'proxy.method',
    `nginx_method_header is ${name}, and the proxy sends ${method ?? 'none'} for a GET: no rule with methods opens anything`,
    `nginx: proxy_set_header ${name} $request_method; in the location of the auth request.`,
  );
}

function checkCookie({ cookie, marker }: Visit, question: QuestionReport, report: Report) {
  if (arrivedValues(question, 'cookie').some((value) => value.includes(marker)))
    return report.ok('proxy.cookie', `${cookie} comes back`);
  report.error(
    'proxy.cookie',
    'the proxy asks without the Cookie header of the client: after each login the login comes again',
    'Pass Cookie on in the auth request: nginx: no proxy_pass_request_headers off and no proxy_set_header Cookie there; Traefik: Cookie among authRequestHeaders, or no such list; Envoy: cookie among the allowed headers of ext_authz.',
  );
}

/** Without a session a browser must come to the login, unless a rule opens or closes the address. */
function checkLogin({ application, through }: Visit, { decision }: QuestionReport, answer: Answer, report: Report) {
  if (decision !== 'sign_in')
    return report.ok('proxy.login', `${through.pathname} needs no login (${decision}): it was not tried`);
  const location = answer.headers.location ?? '';
  const target = URL.canParse(location, through.href) ? new URL(location, through) : through;
  const isRedirect = answer.status >= 300 && answer.status < 400;
  const isStart = isRedirect && target.pathname === endpointPath('start');
  if (isStart && target.href.startsWith(`${endpointUrl(application, 'start')}`))
    return report.ok('proxy.login', `a visitor is sent to ${endpointUrl(application, 'start')}`);
  // authentik's files for nginx lead to /outpost.goauthentik.io/start of the same host, or of the host of the login.
  if (isStart) return report.ok('proxy.login', `a visitor is sent to ${target.origin}${target.pathname}`);
  report.error(
    'proxy.login',
    `a visitor without a session gets ${answer.status}${location === '' ? '' : ` and is sent to ${target.origin}${target.pathname}`}, and not to the login`,
    'nginx: error_page 401 must lead to the login (gatepost/server.conf does it). Others: let the proxy pass on the answer of Gatepost, with its status and Location.',
  );
}
