/** The grammar of `store:`. The configuration checks addresses with it, and the store is opened by what it returns. */
import { isIPv6 } from 'node:net';
import { fileURLToPath } from 'node:url';
import { scalar } from './scalars.ts';

export interface RedisNode {
  host: string;
  port: number;
}

interface RedisServers {
  kind: 'redis';
  nodes: RedisNode[];
  tls: boolean;
  username: string | undefined;
  password: string | undefined;
  database: number;
}

/** One server or a cluster by some of its nodes, or sentinels that know the master of a name. */
export type RedisAddress = (RedisServers & { topology: 'single' | 'cluster' }) | SentinelAddress;
export type SentinelAddress = RedisServers & { topology: 'sentinel'; master: string };

export type StoreAddress = { kind: 'memory' } | { kind: 'file'; folder: string } | RedisAddress;

const FORMS = [
  '`memory`',
  '`file:///folder`',
  '`redis://host[:port][/db]`',
  '`redis+cluster://host:port,host:port`',
  '`redis+sentinel://host:port,host:port/master[/db]`',
];
const ALLOWED = `${FORMS.join(', ')}; \`rediss\` for TLS, \`user:password@\` before the hosts`;

const REDIS_URL = /^redis(s?)(?:\+(cluster|sentinel))?:\/\/(?:([^@/?#\s]*)@)?([^@/?#\s]+)((?:\/[^/?#\s]*)*)$/i;
const NODE = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i;
const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;

/** A store's address, as it was written. It may hold a password, so no error shows it. */
export function storeUrl() {
  return scalar(
    ALLOWED,
    (input) => {
      parseStoreUrl(input);
      return input;
    },
    { secret: true },
  );
}

/**
 * Reads the address of a store.
 * @throws TypeError with a sentence that begins with "must" and shows no part of the address
 */
export function parseStoreUrl(text: string): StoreAddress {
  if (text === 'memory') return { kind: 'memory' };
  return /^file:/i.test(text) ? parseFileUrl(text) : parseRedisUrl(text);
}

function parseFileUrl(text: string): StoreAddress {
  try {
    const folder = /^file:\/\/\/[^?#\p{Cc}]+$/iu.test(text) ? fileURLToPath(text) : '';
    if (!/^\/*$|\0/.test(folder)) return { kind: 'file', folder };
  } catch {
    // Not a URL, or an encoded slash.
  }
  throw new TypeError('must name a folder by its whole path: file:// and then /var/lib/gatepost, three slashes in all');
}

function parseRedisUrl(text: string): RedisAddress {
  const match = REDIS_URL.exec(text);
  if (match === null) throw new TypeError(`must be one of ${ALLOWED.replaceAll('`', '')}`);
  const [, tls, named, user, hosts = '', path = ''] = match;
  const names = hosts.split(',');
  // Several servers without sentinels can only be a cluster.
  const topology = named?.toLowerCase() ?? (names.length > 1 ? 'cluster' : 'single');
  const port = topology === 'sentinel' ? SENTINEL_PORT : REDIS_PORT;
  const nodes = names.map((name) => parseNode(name, port));
  const servers = { kind: 'redis' as const, nodes, tls: tls !== '', ...parseUser(user) };
  if (topology === 'sentinel') return { ...servers, topology, ...parseSentinelPath(path) };
  if (topology === 'single') return { ...servers, topology, database: parseDatabase(path) };
  if (!/^\/?0?$/.test(path)) throw new TypeError('must not name a database: a cluster has one');
  return { ...servers, topology: 'cluster', database: 0 };
}

function parseNode(text: string, defaultPort: number): RedisNode {
  const [, name = '', digits] = NODE.exec(text) ?? [];
  const host = name.replace(/^\[|\]$/g, '');
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === '' || (host !== name && !isIPv6(host)) || port < 1 || port > 65_535) {
    throw new TypeError('must name hosts as host:port; percent-encode what is special in a password');
  }
  return { host, port };
}

/** The text before the first colon is the user name, the text after it the password. */
function parseUser(text: string | undefined): Pick<RedisServers, 'username' | 'password'> {
  if (text === undefined || text === '') return { username: undefined, password: undefined };
  const colon = text.indexOf(':');
  const username = decode(colon === -1 ? text : text.slice(0, colon));
  const password = colon === -1 ? undefined : decode(text.slice(colon + 1));
  return { username: username === '' ? undefined : username, password };
}

function parseSentinelPath(path: string): { master: string; database: number } {
  const [, master, database = ''] = /^\/([^/]+)((?:\/\d*)?)$/.exec(path) ?? [];
  if (master === undefined) {
    throw new TypeError('must name the master after the sentinels: redis+sentinel://a:26379/mymaster');
  }
  return { master: decode(master), database: parseDatabase(database) };
}

function parseDatabase(path: string): number {
  const [, digits] = /^\/?(\d{0,9})$/.exec(path) ?? [];
  if (digits === undefined) throw new TypeError('must end with the host, or with /0 for a database by its number');
  return Number(digits);
}

/** RFC 3986 section 2.1. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError('must percent-encode what is special in a user name, password or master: % itself is %25');
  }
}
