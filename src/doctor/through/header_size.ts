/** Whether the identity of a user with many groups fits through the buffers of the proxy. */
import { PROBE_PATH } from '../../endpoints.ts';
import type { Report } from '../check.ts';
import type { Answer } from './send.ts';
import type { Visit } from './visit.ts';

/** Characters of a token: of a user with a dozen groups, and of one with two hundred. */
const USUAL = 4096;
const LONG = 12_288;

const REMEDY =
  'nginx: proxy_buffer_size 64k, proxy_buffers 8 64k and proxy_busy_buffers_size 128k in the location of the auth request; HAProxy: tune.bufsize 65536; Envoy: max_request_headers_kb; an application may have a limit of its own (Node 16 KiB, Tomcat 8 KiB).';

/** @param without the answer to the same request without a token */
export async function checkHeaderSize(visit: Visit, without: Answer, report: Report): Promise<void> {
  for (const chars of [USUAL, LONG]) {
    const { answer } = await visit.ask(PROBE_PATH, { purpose: 'pass', padding: chars });
    if (answer.status === without.status || (answer.status >= 200 && answer.status < 400)) continue;
    const message = `with a token of ${chars / 1024} KiB in X-authentik-jwt the site answers ${answer.status || 'nothing'} (without one ${without.status}): a header buffer of the proxy, or a limit of the application, is too small`;
    if (chars === USUAL) return report.error('proxy.header_size', message, REMEDY);
    return report.warning('proxy.header_size', `${message} for users with many groups`, REMEDY);
  }
  report.ok('proxy.header_size', `a token of ${LONG / 1024} KiB fits`);
}
