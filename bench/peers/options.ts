/** The options of `npm run bench:peers`. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { whole } from '../options.ts';
import { expressServers } from './express.ts';
import { gateposts } from './gatepost.ts';
import { modAuthOpenidc } from './mod_auth_openidc.ts';
import { oauth2Proxies } from './oauth2_proxy.ts';
import type { Peer } from './peer.ts';
import { tinyauth } from './tinyauth.ts';
import { vouchProxy } from './vouch_proxy.ts';

/** Those whose program the user has to name, by option. */
const programs: Record<string, (program: string) => Peer> = { 'vouch-proxy': vouchProxy, tinyauth };

const server = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const own = [...gateposts(server), ...oauth2Proxies, modAuthOpenidc, ...expressServers];

export const usage = `npm run bench:peers -- [options]

  --peers NAME        may be repeated, all by default, and Gatepost's memory store always:
                      ${own
                        .slice(0, 5)
                        .map(({ name }) => name)
                        .join(', ')},
                      ${own
                        .slice(5)
                        .map(({ name }) => name)
                        .join(', ')},
                      and those of the next two options
  --vouch-proxy PATH  the program, which is then measured too
  --tinyauth PATH     the same
  --servers FILE      servers that run already, as bench:beside takes them
  --rounds N          samples of each server and case, in turn; the median counts (7)
  --seconds N         duration of each sample (2)
  --connections N     concurrent connections (64)
  --skip-proxies      leaves out what protection adds behind nginx and Traefik
  --verbose           shows the servers' output, which takes time
  --json              print JSON instead of tables
  --help              this text`;

export interface Options {
  peers: Peer[];
  /** The file of servers that run already. */
  servers: string | undefined;
  rounds: number;
  seconds: number;
  connections: number;
  proxies: boolean;
  verbose: boolean;
  json: boolean;
  help: boolean;
}

/** @throws Error whose message says what is wrong */
export function readOptions(args: string[]): Options {
  const flag = { type: 'boolean', default: false } as const;
  const number = (value: string) => ({ type: 'string', default: value }) as const;
  const { values } = parseArgs({
    args,
    options: {
      peers: { type: 'string', multiple: true, default: [] },
      'vouch-proxy': { type: 'string' },
      tinyauth: { type: 'string' },
      servers: { type: 'string' },
      rounds: number('7'),
      seconds: number('2'),
      connections: number('64'),
      'skip-proxies': flag,
      verbose: flag,
      json: flag,
      help: flag,
    },
  });
  const given = values as Record<string, unknown>;
  const named = Object.keys(programs).flatMap((name) => {
    const path = given[name];
    return typeof path === 'string' ? [programs[name]!(path)] : [];
  });
  return {
    peers: chosen([...own, ...named], values.peers),
    servers: values.servers,
    rounds: whole('rounds', values.rounds),
    seconds: whole('seconds', values.seconds),
    connections: whole('connections', values.connections),
    proxies: !values['skip-proxies'],
    verbose: values.verbose,
    json: values.json,
    help: values.help,
  };
}

/** The first is always among them: the ceiling sends its response. */
function chosen(all: Peer[], names: string[]): Peer[] {
  const unknown = names.find((name) => !all.some((one) => one.name === name));
  if (unknown !== undefined)
    throw new Error(`--peers ${unknown}: it is one of ${all.map(({ name }) => name).join(', ')}`);
  return all.filter(({ name }, at) => at === 0 || names.length === 0 || names.includes(name));
}
