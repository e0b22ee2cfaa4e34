/** What a Redis address says: one server, a cluster, or sentinels that know the present master. */

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
}

const SHAPE = /^redis(s?)(?:\+(cluster|sentinel))?:\/\/(?:(.*)@)?([^/?#]+)(?:\/([^?#]*))?$/i;
const NODE = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i;

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

/** `/3` for a database; `/mymaster` or `/mymaster/3` after sentinels. */
function parsePath(kind: RedisAddress['kind'], path: string): Pick<RedisAddress, 'master' | 'database'> {
  const parts = path.split('/');
  const master = kind === 'sentinel' ? decodeURIComponent(parts.shift()!) : undefined;
  const database = parts.join('/');
  if (master === '') throw new TypeError('after sentinels the path must name their master');
  if (!/^\d*$/.test(database)) throw new TypeError('the path must end with the number of a database');
  if (kind === 'cluster' && Number(database) !== 0) throw new TypeError('a cluster has no databases but 0');
  return { master, database: Number(database) };
}

/**
 * Reads an address; throws `TypeError` with a sentence that says what is wrong with it, without its password.
 * - `redis://user:password@host:6379/0`, `rediss://…` with TLS
 * - `redis+cluster://host1:7000,host2:7001`
 * - `redis+sentinel://user:password@sentinel1:26379,sentinel2:26379/mymaster/0`
 */
export function parseRedisUrl(address: string): RedisAddress {
  const match = SHAPE.exec(address);
  if (match === null) throw new TypeError('not of the form redis://user:password@host:port/database');
  const [, tls, named, user, hosts, path = ''] = match;
  const nodes = hosts!.split(',');
  // Several servers that are nothing else can only be a cluster.
  const kind = (named?.toLowerCase() ?? (nodes.length > 1 ? 'cluster' : 'single')) as RedisAddress['kind'];
  return {
    kind,
    nodes: nodes.map((node) => parseNode(node, kind === 'sentinel' ? 26_379 : 6379)),
    tls: tls !== '',
    ...parseUser(user),
    ...parsePath(kind, path),
  };
}
