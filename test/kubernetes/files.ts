/** What kubernetes/ has, and what Helm makes of its chart. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { VERSIONS } from '../../scripts/tools.ts';
import { type Fields, isFields } from '../integration/static_envoy.ts';
import { findTool } from '../support/tools.ts';
import { type Cluster, type Resource, readManifests } from './api.ts';

const path = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url));
export const chart = path('kubernetes/chart');
/** The values that make the plain manifests. */
export const values = path('test/kubernetes/manifests.values.yaml');

export const readText = (file: string): string => readFileSync(path(file), 'utf8');

/** The plain manifests, of one file or of all. */
export function manifests(file?: string): Resource[] {
  const files = file ? [file] : readdirSync(path('kubernetes/gatepost'));
  return files.flatMap((one) => readManifests(readText(`kubernetes/gatepost/${one}`)));
}

const where = (cluster: Cluster) => [
  `--kube-apiserver=${cluster.url}`,
  `--kube-token=${cluster.token}`,
  `--kube-ca-file=${cluster.authority}`,
];

/** What a command of Helm writes; throws with its message where it fails. */
export function helm(parameters: string[], cluster?: Cluster): string {
  const all = [...parameters, ...(cluster ? where(cluster) : [])];
  return execFileSync(findTool('helm') ?? 'helm', all, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const template = (settings: string[]) => [
  'template',
  'gatepost',
  chart,
  '--namespace=gatepost',
  `--kube-version=${VERSIONS['kube-apiserver']}`,
  ...settings,
];

/** What the chart makes of the manifests' values and these settings, such as `--set=replicas=3`. */
export const render = (...settings: string[]): Resource[] =>
  readManifests(helm(template([`--values=${values}`, ...settings])));

/** What Helm says where it refuses to. Without `--values` there are only the chart's own. */
export function refusal(...settings: string[]): string {
  const { status, stderr } = spawnSync(findTool('helm') ?? 'helm', template(settings), { encoding: 'utf8' });
  return status === 0 ? '' : stderr;
}

/** The one object of a kind. */
export function theOne(objects: Resource[], kind: string, name = 'gatepost'): Resource {
  const found = objects.filter((one) => one.kind === kind && one.metadata.name === name);
  if (found.length !== 1) throw new Error(`there are ${found.length} of ${kind} ${name}`);
  return found[0]!;
}

/** A part of an object, by its path. @throws Error where it is none */
export function part(object: Fields, ...keys: (string | number)[]): Fields {
  let found: unknown = object;
  for (const key of keys) found = Array.isArray(found) ? found[Number(key)] : isFields(found) ? found[key] : undefined;
  if (!isFields(found)) throw new Error(`nothing is at ${keys.join('.')}`);
  return found;
}

/** gatepost.yaml of a ConfigMap. */
export const configOf = (objects: Resource[]): string =>
  String(part(theOne(objects, 'ConfigMap'), 'data')['gatepost.yaml']);

/** The pod of a Deployment. */
export const podOf = (objects: Resource[], kind = 'Deployment', name = 'gatepost'): Fields =>
  part(theOne(objects, kind, name), 'spec', 'template');
