/** Which address Gatepost takes for the client's: rules with `networks`, limits and the log go by it. */
import ipaddr from 'ipaddr.js';
import type { QuestionReport } from '../../probe/report.ts';
import type { Report } from '../check.ts';

/** Of a network that is nobody's (RFC 5737). */
export const INVENTED_ADDRESS = '198.51.100.77';

const REMEDY =
  'Let the proxy write X-Forwarded-For itself: nginx: proxy_set_header X-Forwarded-For $remote_addr; Traefik: no forwardedHeaders.insecure; Caddy: no trusted_proxies that hold clients.';

export function checkClientAddress({ clientAddress, peer }: QuestionReport, through: URL, report: Report) {
  if (clientAddress === INVENTED_ADDRESS)
    return report.error(
      'proxy.client_address',
      `a client chooses its own address: it wrote ${INVENTED_ADDRESS} into X-Forwarded-For, and Gatepost believes it`,
      `${REMEDY} If another proxy stands in front, list it alone in trusted_proxies.`,
    );
  if (clientAddress === undefined)
    return report.warning(
      'proxy.client_address',
      'Gatepost does not know the address of the client: no rule with networks opens anything, and guesses are counted by user name alone',
      REMEDY,
    );
  if (clientAddress === peer && !isLocal(through))
    return report.warning(
      'proxy.client_address',
      `Gatepost sees ${clientAddress} as the client, which is the address of the proxy itself`,
      `Unless this runs on the machine of the proxy: ${REMEDY}`,
    );
  const note = isPrivate(clientAddress)
    ? ' (a private address: is it that of this machine, or of a proxy in front of yours?)'
    : '';
  report.ok('proxy.client_address', `Gatepost sees you as ${clientAddress}${note}`);
}

const isLocal = ({ hostname }: URL) => /(?:^|\.)localhost$|^127\.|^\[::1\]$/i.test(hostname);

function isPrivate(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() !== 'unicast';
}
