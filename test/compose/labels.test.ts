/** compose/*-labels*.yml: by the Compose specification's schema, and beside the files that say the same without labels. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { readCompose } from '../integration/compose_file.ts';
import { validate } from './schema.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const FILES = ['compose/traefik-labels.yml', 'compose/traefik-labels-file.yml', 'compose/caddy-labels.yml'];

type Node = { [name: string]: unknown };
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
const node = (value: unknown): Node => {
  if (!isNode(value)) throw new Error('no mapping');
  return value;
};

/** Traefik's YAML as labels: dots between the names, which are in lower case, and commas in lists. */
function flatten(value: unknown, path: string): [string, string][] {
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return [[path, value.join(',')]];
  if (!isNode(value)) return [[path, `${value}`]];
  return Object.entries(value).flatMap(([name, one]) => flatten(one, `${path}.${name.toLowerCase()}`));
}

const http = (path: string) => node(node(load(read(path))).http);
const shipped = http('traefik/forward_single.yml');

describe.each(FILES)('%s', (path) => {
  const file = node(load(read(path)));
  const services = readCompose(fileURLToPath(new URL(path, root)));

  test('is a Compose file, and the schema would say if it were not', () => {
    expect(validate(file)).toEqual([]);
    expect(validate({ ...file, service: {} })).not.toEqual([]);
  });

  test('what is to be copied beside it is shipped', () => {
    const mounts = Object.values(node(file.services)).flatMap((one) => node(one).volumes ?? []);
    const beside = mounts.map((mount) => `${mount}`.split(':')[0]!).filter((source) => source.startsWith('./'));
    expect(beside).toContain('./gatepost.yaml');
    for (const source of beside.filter((one) => one !== './gatepost.yaml')) {
      const folders = ['traefik', 'caddy'].filter((folder) => existsSync(new URL(`${folder}/${source}`, root)));
      expect(folders, source).toHaveLength(1);
      expect(read(path)).toContain(`${folders[0]}/${source.slice(2)}`);
    }
  });

  // Attack: a site that was taken over asks Gatepost in a proxy's name.
  test('the application reaches its proxy alone', () => {
    const { app, gatepost } = services;
    expect(app!.networks.filter((network) => gatepost!.networks.includes(network))).toEqual([]);
    for (const [, one] of Object.entries(services).filter(([, { image }]) => image !== 'gatepost' && image !== 'app'))
      expect(one.networks).toEqual(expect.arrayContaining([...app!.networks, ...gatepost!.networks]));
  });
});

test('the labels of the middlewares are those of traefik/forward_single.yml, one for one', () => {
  const { gatepost } = readCompose(fileURLToPath(new URL(FILES[0]!, root)));
  const prefix = 'traefik.http.middlewares';
  const labels = Object.entries(gatepost!.labels).filter(([name]) => name.startsWith(`${prefix}.`));
  const lower = labels.map(([name, value]) => [name.toLowerCase(), value]);
  expect(Object.fromEntries(lower)).toEqual(Object.fromEntries(flatten(shipped.middlewares, prefix)));
});

test('so is traefik/labels.yml, which has the endpoints on every host and no application', () => {
  const shared = http('traefik/labels.yml');
  expect(shared.middlewares).toEqual(shipped.middlewares);
  const { app: _router, ...routers } = node(shipped.routers);
  const { app: _service, ...targets } = node(shipped.services);
  const anywhere = JSON.parse(JSON.stringify(routers).replaceAll('Host(`app.example.com`) && ', ''));
  expect([shared.routers, shared.services]).toEqual([anywhere, targets]);
});

test('and the labels of the routers are those of traefik/labels.yml', () => {
  const { gatepost } = readCompose(fileURLToPath(new URL(FILES[0]!, root)));
  const prefix = 'traefik.http.routers';
  const labels = Object.entries(gatepost!.labels).filter(([name]) => name.startsWith(`${prefix}.`));
  expect(Object.fromEntries(labels)).toEqual(Object.fromEntries(flatten(http('traefik/labels.yml').routers, prefix)));
});

test("caddy/docker_proxy.Caddyfile has the global options of caddy/Caddyfile, and Caddy's image has the tested version", () => {
  const options = (text: string) => /^\{\n[\s\S]*?^\}\n/m.exec(text)?.[0];
  expect(options(read('caddy/docker_proxy.Caddyfile'))).toBe(options(read('caddy/Caddyfile')));
  const built = /caddy-docker-proxy\/v2 v([\d.]+)/.exec(read('test/integration/caddy_docker/go.mod'))?.[1];
  expect(built).toMatch(/^2\.10\./);
  expect(read('compose/caddy-labels.yml')).toContain('image: lucaslorentz/caddy-docker-proxy:2.10\n');
});
