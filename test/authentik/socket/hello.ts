/** What an outpost says over its websocket, read as the server reads it: by types. */
import { parseVersion } from '../pep440.ts';
import type { InstanceState } from '../rows.ts';
import type { World } from '../world.ts';

export interface Connection {
  /** Of the query; releases of 2023 go by `args.uuid`. */
  instanceUuid: string;
}

const TYPES: Record<string, 'string' | 'boolean'> = {
  version: 'string',
  buildHash: 'string',
  uuid: 'string',
  hostname: 'string',
  golangVersion: 'string',
  opensslEnabled: 'boolean',
  opensslVersion: 'string',
  fipsEnabled: 'boolean',
};
/** The Rust outpost leaves them out. */
const OPTIONAL = new Set(['golangVersion', 'opensslEnabled', 'opensslVersion', 'fipsEnabled']);

/** What to answer: an ack, nothing, or an exception that ends the connection. */
export function receive(
  world: World,
  connection: Connection,
  data: string | undefined,
  nowMs: number,
): 'ack' | 'crash' {
  const bad = (text: string) => {
    world.violations.add(`websocket: ${text}`);
    return 'crash' as const;
  };
  if (data === undefined) return bad('a binary frame');
  const message = parse(data);
  if (!message) return bad(`no JSON object: ${data.slice(0, 80)}`);
  const { instruction, args, ...more } = message;
  if (typeof instruction !== 'number' || !Number.isInteger(instruction)) return bad('instruction is no number');
  if (!isObject(args)) return bad('args is no object');
  if (Object.keys(more).length > 0) bad(`more than instruction and args: ${Object.keys(more)}`);
  if (instruction !== 1) return bad(`instruction ${instruction}, which an outpost does not send`);
  for (const problem of helloProblems(args, connection)) bad(problem);
  keep(world, connection, args, nowMs);
  return 'ack';
}

function helloProblems(args: Record<string, unknown>, { instanceUuid }: Connection): string[] {
  const problems = Object.entries(TYPES).flatMap(([name, type]) => {
    const absent = args[name] === undefined && OPTIONAL.has(name);
    return absent || typeof args[name] === type ? [] : [`hello: ${name} is ${JSON.stringify(args[name])}, no ${type}`];
  });
  if (args.uuid !== instanceUuid) problems.push('hello: uuid is not the instance_uuid of the connection');
  if (args.buildHash === '') problems.push('hello: an empty buildHash is that of a release of authentik');
  if (typeof args.version !== 'string') return problems;
  try {
    parseVersion(args.version);
  } catch (error) {
    problems.push(`hello: ${error instanceof Error ? error.message : error}`);
  }
  return problems;
}

function keep(world: World, { instanceUuid }: Connection, args: Record<string, unknown>, nowMs: number): void {
  const uid = world.settings.traits.namesInstanceByQuery ? instanceUuid : String(args.uuid);
  const state: InstanceState = {
    uid,
    lastSeenMs: nowMs,
    version: args.version,
    buildHash: args.buildHash ?? '',
    golangVersion: args.golangVersion ?? '',
    opensslEnabled: args.opensslEnabled ?? false,
    opensslVersion: args.opensslVersion ?? '',
    fipsEnabled: args.fipsEnabled ?? false,
    hostname: args.hostname ?? '',
  };
  world.instances.set(uid, state);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
