/** Whether an outpost may open its websocket. */
import { USER_AGENT } from '../judge/judge.ts';
import type { World } from '../world.ts';

const PATH = /^ws\/outpost\/([^/]*)\/$/;
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export interface Attempt {
  status: 101 | 403 | 404;
  pk: string;
  instanceUuid: string;
  attempt: number;
  atMs: number;
}

/** `target` is the path with its query; what no outpost sends is a violation, whatever the answer. */
export function judgeUpgrade(
  world: World,
  target: string,
  prefix: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Attempt {
  const bad = (text: string) => world.violations.add(`websocket ${target.split('?')[0]}: ${text}`);
  const [path = '', search = ''] = target.split(/\?(.*)/s);
  const query = new URLSearchParams(search);
  const pk = path.startsWith(prefix) ? PATH.exec(path.slice(prefix.length))?.[1] : undefined;
  const instanceUuid = query.get('instance_uuid') ?? '';
  const attempt = Number(query.get('attempt') ?? Number.NaN);
  if (pk === undefined) bad('no such path');
  if ([...query.keys()].sort().join() !== 'attempt,instance_uuid') bad(`the query is "${query}"`);
  if (!UUID_V4.test(instanceUuid)) bad('instance_uuid is no UUID v4');
  if (!Number.isInteger(attempt) || attempt < 0) bad('attempt is no number');
  if (!USER_AGENT.test(String(headers['user-agent']))) bad(`User-Agent is ${headers['user-agent']}`);
  if (!/^Bearer \S+$/.test(String(headers.authorization))) bad('no bearer token');
  if (headers['sec-websocket-protocol'] !== undefined) bad('a subprotocol');
  if (headers.cookie !== undefined) bad('a cookie');
  const status = pk === undefined ? 404 : mayConnect(world, pk, headers.authorization) ? 101 : 403;
  return { status, pk: pk ?? '', instanceUuid, attempt, atMs: Date.now() };
}

function mayConnect(world: World, pk: string, authorization: string | string[] | undefined): boolean {
  const owner = world.owner(typeof authorization === 'string' ? authorization : undefined);
  return owner !== undefined && world.visibleOutposts(owner).some((one) => one.pk === pk);
}
