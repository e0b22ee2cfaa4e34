/** `--through`: a round trip through the operator's own proxy. */
import { createApplicationIndex } from '../../access/application_index.ts';
import type { ApplicationConfig, Config } from '../../config/schema/config.ts';
import { compileApplication } from '../../decision/application.ts';
import { endpointPath, isHttps } from '../../endpoints.ts';
import { hostOf } from '../../http/url.ts';
import { connectionHint, isAboutCertificate } from '../../provider/connection_hint.ts';
import type { Report } from '../check.ts';
import { checkApplicationHeaders } from './application_headers.ts';
import { checkAuthEndpoints } from './auth_endpoints.ts';
import { checkPages } from './pages.ts';
import { checkQuestion } from './question.ts';
import { send } from './send.ts';
import { createVisit } from './visit.ts';

/** The application as it is at an address; `undefined` where none has its host. */
export function applicationOf(config: Config, through: URL): ApplicationConfig | undefined {
  const origin = `${through.protocol}//${through.host}`;
  const index = createApplicationIndex(config.applications.map((application) => compileApplication(application)));
  return index.findByHostname(hostOf(origin))?.config;
}

/** Decisions about a question that nobody has asked: something is wrong with the proxy. */
const CONFUSED = /^(?:invalid_request|unknown_host)$/;

export interface ThroughOptions {
  config: Config;
  application: ApplicationConfig;
  through: URL;
  direct: URL;
}

export async function checkThrough(options: ThroughOptions, report: Report): Promise<void> {
  const reached = await checkReachable(options.through, report);
  if (reached === undefined) return;
  checkAddress(options, report);
  const visit = createVisit({ ...options, strict: reached.strict });
  const arrived = await visit.ask(endpointPath('ping'), { purpose: 'page' });
  const question = await checkQuestion(visit, options.config, visit.openPage(arrived) !== undefined, report);
  if (question === 'silent') return;
  await checkPages(visit, report);
  if (question === undefined) return;
  await checkAuthEndpoints(visit, question, report);
  // What is not even understood is not let through.
  if (!CONFUSED.test(question.decision)) await checkApplicationHeaders(visit, report);
}

async function checkReachable(through: URL, report: Report): Promise<{ strict: boolean } | undefined> {
  const ping = new URL(endpointPath('ping'), through);
  const seen = (strict: boolean) =>
    send(ping, {}, { strict }).then(
      ({ status }) => ({ status }),
      (error: unknown) => ({ error }),
    );
  const first = await seen(true);
  const isUntrusted =
    'error' in first && (isAboutCertificate(first.error) || isAboutCertificate({ cause: first.error }));
  const last = isUntrusted ? await seen(false) : first;
  if ('error' in last) {
    report.error(
      'proxy.reachable',
      connectionHint(ping.href, last.error),
      'Look at the name (does this machine find the public address?), the port, and whether the proxy runs.',
    );
    return undefined;
  }
  report.ok('proxy.reachable', `${through.origin} answers`);
  if (isUntrusted)
    report.warning(
      'proxy.certificate',
      connectionHint(ping.href, 'error' in first ? first.error : undefined).replace(
        'issuer_ca_file (or NODE_EXTRA_CA_CERTS)',
        'NODE_EXTRA_CA_CERTS',
      ),
      'Give the site a certificate that browsers trust; for one of your own authority, run this with NODE_EXTRA_CA_CERTS.',
    );
  return { strict: !isUntrusted };
}

/** Somebody who tries the plain address of a site that is https everywhere tries another thing than visitors do. */
function checkAddress({ application, through }: ThroughOptions, report: Report) {
  if (!isHttps(application) || through.protocol === 'https:') return;
  report.warning(
    'proxy.scheme',
    `${through.origin} is http, and external_host is ${application.external_host}: browsers keep no cookie of the login there`,
    `Use --through ${application.external_host}, or correct external_host.`,
  );
}
