/** A Compose file as `docker compose up` understands it: the services' labels, commands, environment and networks. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';

export interface ComposeService {
  image: string;
  command: string[];
  environment: Record<string, string>;
  labels: Record<string, string>;
  /** The names that the engine knows. */
  networks: string[];
}

type Node = Record<string, unknown>;

/** Compose's interpolation: `$$` is a dollar; a variable that is not set is an error here, and a dollar alone is one for Compose. */
export function interpolate(text: string): string {
  return text.replace(/\$\$|\$\{(\w+)[^}]*\}|\$(\w*)/g, (match, braced?: string, plain?: string) => {
    if (match === '$$') return '$';
    const value = process.env[`${braced ?? plain}`];
    if (value === undefined) throw new Error(`Compose would fill in ${match}`);
    return value;
  });
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A list of `name=value`, or a mapping. */
function pairs(value: unknown): Record<string, string> {
  const entries = Array.isArray(value)
    ? value.map((line) => [`${line}`.replace(/=.*/s, ''), `${line}`.replace(/^[^=]*=?/, '')])
    : Object.entries(isNode(value) ? value : {}).map(([name, one]) => [name, `${one ?? ''}`]);
  return Object.fromEntries(entries.map(([name = '', one = '']) => [name, interpolate(one)]));
}

export function readCompose(path: string): Record<string, ComposeService> {
  const file = load(readFileSync(path, 'utf8'));
  if (!isNode(file) || !isNode(file.services)) throw new Error(`${path} is no Compose file`);
  const { networks } = file;
  const named = (name: string) => {
    const network = isNode(networks) ? networks[name] : undefined;
    return isNode(network) && typeof network.name === 'string' ? network.name : `project_${name}`;
  };
  const service = (node: unknown): ComposeService => {
    if (!isNode(node)) throw new Error(`${path} has an empty service`);
    const { image = 'built', command = [], environment, labels, networks: joined = ['default'] } = node;
    return {
      image: `${image}`,
      command: Array.isArray(command) ? command.map((word) => interpolate(`${word}`)) : [],
      environment: pairs(environment),
      labels: pairs(labels),
      networks: (Array.isArray(joined) ? joined.map(String) : Object.keys(isNode(joined) ? joined : {})).map(named),
    };
  };
  return Object.fromEntries(Object.entries(file.services).map(([name, node]) => [name, service(node)]));
}
