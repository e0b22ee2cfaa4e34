/** Runs what a control plane would send to Envoy over xDS as a static configuration of Envoy, unchanged otherwise. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findTool } from '../support/tools.ts';
import { startEnvoy } from './envoy.ts';
import type { Site } from './proxy.ts';

export type Fields = Record<string, unknown>;

/** Resources by their type, each as JSON. */
export interface Xds {
  listeners: Fields[];
  routes: Fields[];
  clusters: Fields[];
  /** For clusters of type EDS. */
  endpoints?: Fields[];
  /** `layeredRuntime` and the like. */
  bootstrap?: Fields;
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The members of an object that are objects, and of a list all that are. */
export function fieldsOf(value: unknown, ...path: string[]): Fields[] {
  let found: unknown[] = [value].flat();
  for (const key of path) found = found.flatMap((one) => (isFields(one) ? one[key] : [])).flat();
  return found.filter(isFields);
}

/**
 * Puts in place what Envoy would fetch by its name: routes, endpoints, and the certificate of the site. Leaves out the access
 * log: /dev/stdout cannot be opened where it is a socket of Node.
 */
function inline(value: unknown, xds: Xds, site: Site): unknown {
  if (Array.isArray(value)) return value.map((one) => inline(one, xds, site));
  if (!isFields(value)) return value;
  const { rds, edsClusterConfig, tlsCertificateSdsSecretConfigs: secrets, accessLog: _log, ...rest } = value;
  const next: Fields = {};
  for (const [key, one] of Object.entries(rest)) next[key] = inline(one, xds, site);
  if (isFields(rds)) next.routeConfig = find(xds.routes, 'name', rds.routeConfigName);
  if (isFields(edsClusterConfig)) {
    next.type = 'STATIC';
    next.loadAssignment = find(xds.endpoints ?? [], 'clusterName', edsClusterConfig.serviceName);
  }
  if (secrets !== undefined) {
    if (!site.tls) throw new Error('a certificate is named, but the site has none');
    next.tlsCertificates = [{ certificateChain: { filename: site.tls.chain }, privateKey: { filename: site.tls.key } }];
  }
  return next;
}

function find(resources: Fields[], key: string, name: unknown): Fields {
  const found = resources.find((one) => one[key] === name);
  if (!found) throw new Error(`nothing has the ${key} ${String(name)}`);
  // Its type is known where it stands.
  const { '@type': _type, ...fields } = found;
  return fields;
}

export function startStaticEnvoy(xds: Xds, site: Site) {
  const binary = findTool('envoy');
  if (!binary) throw new Error('envoy is not installed: run "npm run tools"');
  const untyped = (resources: Fields[]) => resources.map((one) => inline(find([one], 'name', one.name), xds, site));
  const config = {
    ...xds.bootstrap,
    staticResources: { listeners: untyped(xds.listeners), clusters: untyped(xds.clusters) },
  };
  writeFileSync(join(site.directory, 'envoy.yaml'), JSON.stringify(config));
  return startEnvoy(binary, site);
}
