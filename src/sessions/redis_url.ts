/** What a `redis://` or `rediss://` address says: one server, a cluster, or sentinels that know the present master. */

export interface Node {
  host: string;
  port: number;
}

export interface RedisAddress {
  kind: 'single' | 'cluster' | 'sentinel';
  nodes: Node[];
  tls: boolean;
  username: string | undefined;
  password: string | undefined;
  database: number;
  /** The name that the sentinels have for the master. */
  master: string | undefined;
  /** For the sentinels themselves, where they want one. */
  sentinelPassword: string | undefined;
  /** What every key begins with. */
  prefix: string;
}

const SHAPE = /^(rediss?):\/\/(?:(.*)@)?([^/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const NODE = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i;
const KNOWN = ['cluster', 'sentinel', 'sentinel_password', 'prefix'];

function parseNode(text: string, standard: number): Node {
  const match = NODE.exec(text);
  if (match === null) throw new TypeError(`${JSON.stringify(text)} is not host:port`);
  return { host: match[1]!.replace(/^\[|\]$/g, ''), port: Number(match[2] ?? standard) };
}

/** The text before the first colon is the user, what follows the password; both percent-encoded. */
function parseUser(text: string | undefined): Pick<RedisAddress, 'username' | 'password'> {
  if (text === undefined || text === '') return { username: undefined, password: undefined };
  const colon = text.indexOf(':');
  const username = colon === -1 ? text : text.slice(0, colon);
  const password = colon === -1 ? undefined : decodeURIComponent(text.slice(colon + 1));
  return { username: username === '' ? undefined : decodeURIComponent(username), password };
}

function kindOf(query: URLSearchParams, nodes: string[]): RedisAddress['kind'] {
  if (query.has('sentinel')) return 'sentinel';
  return query.has('cluster')
    ? query.get('cluster') === 'false'
      ? 'single'
      : 'cluster'
    : nodes.length > 1
      ? 'cluster'
      : 'single';
}

/**
 * Reads an address; throws `TypeError` with a sentence that says what is wrong with it, without its password.
 * - `redis://user:password@host:6379/0`
 * - `redis://host1:7000,host2:7001` (or one host and `?cluster`)
 * - `redis://user:password@sentinel1:26379,sentinel2:26379/0?sentinel=mymaster&sentinel_password=…`
 */
export function parseRedisUrl(address: string): RedisAddress {
  const match = SHAPE.exec(address);
  if (match === null) throw new TypeError('not of the form redis://user:password@host:port/database');
  const [, scheme, user, hosts, path = '', search = ''] = match;
  const query = new URLSearchParams(search);
  const unknown = [...query.keys()].find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) throw new TypeError(`unknown parameter ${unknown}; known are ${KNOWN.join(', ')}`);
  if (!/^\d*$/.test(path)) throw new TypeError('the path must be the number of a database');
  const nodes = hosts!.split(',');
  const kind = kindOf(query, nodes);
  if (kind === 'single' && nodes.length > 1) throw new TypeError('several hosts are a cluster, or sentinels');
  if (kind === 'cluster' && Number(path) !== 0) throw new TypeError('a cluster has no databases but 0');
  return {
    kind,
    nodes: nodes.map((node) => parseNode(node, kind === 'sentinel' ? 26_379 : 6379)),
    tls: scheme === 'rediss',
    ...parseUser(user),
    database: Number(path),
    master: query.get('sentinel') || (kind === 'sentinel' ? 'mymaster' : undefined),
    sentinelPassword: query.get('sentinel_password') ?? undefined,
    prefix: query.get('prefix') ?? 'gatepost:',
  };
}
