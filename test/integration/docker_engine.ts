/**
 * A double of the Docker Engine: answers what Traefik and caddy-docker-proxy ask about the containers of a Compose file. All
 * containers have the address 127.0.0.1. docker_engine.test.ts holds the answers against the schema that Docker publishes.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { ComposeService } from './compose_file.ts';

/** The engine's own, and the oldest that it would speak. */
const API_VERSION = '1.50';
const LEAST_VERSION = '1.24';
const CREATED = '2026-01-01T00:00:00Z';

const idOf = (name: string) => createHash('sha256').update(name).digest('hex');

type Container = [name: string, service: ComposeService];

function networksOf({ networks }: ComposeService) {
  const endpoint = (name: string) => ({ NetworkID: idOf(name), IPAddress: '127.0.0.1', Gateway: '' });
  return Object.fromEntries(networks.map((name) => [name, endpoint(name)]));
}

/** An entry of `GET /containers/json`. */
export const summaryOf = ([name, service]: Container) => ({
  Id: idOf(name),
  Names: [`/project-${name}-1`],
  Image: service.image,
  ImageID: `sha256:${idOf(service.image)}`,
  Command: '',
  Created: Date.parse(CREATED) / 1000,
  State: 'running',
  Status: 'Up 1 minute',
  Ports: [],
  Labels: { ...service.labels, 'com.docker.compose.service': name },
  HostConfig: { NetworkMode: `${service.networks[0]}` },
  NetworkSettings: { Networks: networksOf(service) },
  Mounts: [],
});

/** `GET /containers/{id}/json`. */
export const detailOf = ([name, service]: Container) => ({
  Id: idOf(name),
  Name: `/project-${name}-1`,
  Created: CREATED,
  Image: `sha256:${idOf(service.image)}`,
  State: { Status: 'running', Running: true, Paused: false, Restarting: false, Dead: false, ExitCode: 0 },
  HostConfig: { NetworkMode: `${service.networks[0]}`, PortBindings: {} },
  Config: { Hostname: name, Image: service.image, Labels: summaryOf([name, service]).Labels },
  NetworkSettings: { Ports: {}, Networks: networksOf(service) },
});

/** An entry of `GET /networks`, and `GET /networks/{id}`. */
export const networkOf = (name: string) => ({
  Name: name,
  Id: idOf(name),
  Created: CREATED,
  Scope: 'local',
  Driver: 'bridge',
  EnableIPv6: false,
  Internal: false,
  Attachable: false,
  Ingress: false,
  Labels: {},
  Options: {},
});

export const versionOf = () => ({
  Version: '28.0.0',
  ApiVersion: API_VERSION,
  MinAPIVersion: LEAST_VERSION,
  Os: 'linux',
  Arch: 'amd64',
});
/** No Swarm. */
export const infoOf = () => ({ ID: 'double', Name: 'double', Swarm: { LocalNodeState: 'inactive', NodeID: '' } });

/** One of `GET /events`. */
export const eventOf = (action: 'start' | 'die', [name, { labels }]: Container) => ({
  Type: 'container',
  Action: action,
  Actor: { ID: idOf(name), Attributes: { name: `project-${name}-1`, ...labels } },
  scope: 'local',
  time: Date.parse(CREATED) / 1000,
  timeNano: Date.parse(CREATED) * 1e6,
});

/** Listens on a socket, as Docker does. */
export async function startDockerEngine(path: string, services: Record<string, ComposeService>) {
  const running = new Map(Object.entries(services));
  const listeners = new Set<ServerResponse>();
  const unknown: string[] = [];

  function answer(target: string): unknown {
    const containers = [...running];
    const networks = [...new Set(Object.values(services).flatMap((service) => service.networks))];
    const [, kind, id] = /^\/(containers|networks)\/([^/]+)/.exec(target) ?? [];
    if (target === '/version') return versionOf();
    if (target === '/info') return infoOf();
    if (target === '/containers/json') return containers.map(summaryOf);
    if (target === '/networks') return networks.map(networkOf);
    const container = kind === 'containers' && containers.find(([name]) => idOf(name) === id);
    if (container) return detailOf(container);
    const network = kind === 'networks' && networks.find((name) => name === id || idOf(name) === id);
    return network ? networkOf(network) : undefined;
  }

  const server = createServer((request, response) => {
    const target = `${request.url}`.replace(/\?.*/, '').replace(/^\/v1\.\d+/, '');
    response.setHeader('Api-Version', API_VERSION).setHeader('Ostype', 'linux');
    if (target === '/_ping') return void response.end(request.method === 'HEAD' ? '' : 'OK');
    response.setHeader('Content-Type', 'application/json');
    if (target === '/events') {
      listeners.add(response);
      response.once('close', () => listeners.delete(response)).flushHeaders();
      return;
    }
    const body = answer(target);
    if (body === undefined) unknown.push(target);
    response.writeHead(body === undefined ? 404 : 200).end(JSON.stringify(body ?? { message: 'no such object' }));
  }).listen(path);
  await once(server, 'listening');

  const tell = (action: 'start' | 'die', name: string) => {
    const line = JSON.stringify(eventOf(action, [name, services[name]!]));
    for (const listener of listeners) listener.write(`${line}\n`);
  };
  return {
    endpoint: `unix://${path}`,
    /** What was asked for and is not there. */
    unknown,
    stopContainer(name: string) {
      running.delete(name);
      tell('die', name);
    },
    startContainer(name: string) {
      running.set(name, services[name]!);
      tell('start', name);
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
export type DockerEngine = Awaited<ReturnType<typeof startDockerEngine>>;
