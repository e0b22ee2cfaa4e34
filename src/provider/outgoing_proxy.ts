/** Which proxy a request to a provider goes through: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the environment. */
import { isLoopback, isUnderDomain } from '../http/host.ts';
import { compileNetworks, parseAddress } from '../http/ip.ts';

export type Environment = Record<string, string | undefined>;

/** @returns the URL of the proxy; `undefined` for a request that goes without one */
export type ChooseProxy = (url: URL) => URL | undefined;

/** One entry of `NO_PROXY`. */
interface Exception {
  /** `undefined`: any port. */
  port: string | undefined;
  matches(hostname: string): boolean;
}

/**
 * The rules are those of curl and Go: the variable of the URL's own scheme counts, in any letter case (the small one
 * first); `NO_PROXY` has host names (with all under them), addresses, networks in CIDR notation, each with a port if need
 * be, or `*`; what is on this machine is never asked through a proxy.
 */
export function createChooseProxy(environment: Environment): ChooseProxy {
  const proxies = new Map<string, URL | undefined>();
  const exceptions = exceptionsOf(variable(environment, 'no_proxy')?.value ?? '');
  return (url) => {
    const { protocol } = url;
    if (isLoopback(url.hostname) || isException(exceptions, url)) return undefined;
    if (!proxies.has(protocol)) proxies.set(protocol, proxyFor(environment, protocol));
    return proxies.get(protocol);
  };
}

/** An empty variable is none. */
function variable(environment: Environment, name: string): { name: string; value: string } | undefined {
  const spellings = Object.keys(environment).filter((key) => key.toLowerCase() === name && environment[key]?.trim());
  const key = spellings.includes(name) ? name : spellings[0];
  return key === undefined ? undefined : { name: key, value: environment[key]?.trim() ?? '' };
}

/** @throws Error with the variable's name and without its value, which may hold a password */
function proxyFor(environment: Environment, protocol: string): URL | undefined {
  const found = variable(environment, `${protocol.replace(':', '')}_proxy`);
  if (found === undefined) return undefined;
  const { name, value } = found;
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy && /^https?:$/.test(proxy.protocol)) return proxy;
  throw new Error(`the environment variable ${name} is not the URL of an HTTP proxy such as http://proxy.example:3128`);
}

function exceptionsOf(list: string): Exception[] {
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(exceptionOf);
}

function exceptionOf(entry: string): Exception {
  if (entry === '*') return { port: undefined, matches: () => true };
  const [, host = entry, port] = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry) ?? [];
  const networks = networksOf(host.replace(/^\[(.*)\]$/, '$1'));
  if (networks) {
    return {
      port,
      matches: (hostname) => {
        const address = parseAddress(hostname);
        return address !== undefined && networks.contains(address);
      },
    };
  }
  const domain = host
    .toLowerCase()
    .replace(/^\*?\./, '')
    .replace(/\.$/, '');
  return { port, matches: (hostname) => isUnderDomain(hostname, domain) };
}

function networksOf(text: string) {
  if (!/^[\d.]+(?:\/\d+)?$|:/.test(text)) return undefined;
  try {
    return compileNetworks([text]);
  } catch {
    return undefined;
  }
}

function isException(exceptions: readonly Exception[], { hostname, port, protocol }: URL): boolean {
  const name = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const own = port || (protocol === 'https:' ? '443' : '80');
  return exceptions.some((one) => (one.port === undefined || one.port === own) && one.matches(name));
}
