/** docker-compose.yml: by the Compose specification's schema, and by what it mounts. */
import { existsSync, readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { sessionCookieName } from '../../src/sessions/session_cookie.ts';
import { validate } from './schema.ts';

interface Service {
  image?: string;
  build?: unknown;
  ports?: string[];
  volumes?: string[];
  environment?: Record<string, string>;
  networks?: string[] | Record<string, unknown>;
  command?: string[];
  depends_on?: Record<string, unknown>;
}

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const file = load(read('docker-compose.yml')) as {
  services: Record<string, Service>;
  volumes: object;
  networks: Record<string, { internal?: boolean } | null>;
};
const services = Object.entries(file.services);

interface Routing {
  routers: Record<string, { rule: string }>;
  services: Record<string, { loadBalancer: { servers: { url: string }[] } }>;
  middlewares: object;
}
const readTraefik = (text: string) => (load(text) as { http: Routing }).http;

const env = { GATEPOST_SECRET: 'a secret of more than 32 characters', REDIS_PASSWORD: 'the-password-of-redis' };
const config = () => parseConfig(read('compose/gatepost.yaml'), { env });

const networksOf = ({ networks = ['default'] }: Service) =>
  Array.isArray(networks) ? networks : Object.keys(networks);
/** The services that share a network with this one. */
function neighbours(name: string): string[] {
  const own = networksOf(file.services[name]!);
  return services
    .filter(([other, service]) => other !== name && networksOf(service).some((network) => own.includes(network)))
    .map(([other]) => other);
}

test('the file is a Compose file, and the schema would say if it were not', () => {
  expect(validate(file)).toEqual([]);
  expect(validate({ services: { gatepost: { image: 'gatepost', port: 9000 } } })).not.toEqual([]);
});

test('whatever is mounted from here is here, and named volumes are declared', () => {
  const mounts = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0]!));
  const files = mounts.filter((source) => source.startsWith('./'));
  expect(files.length).toBeGreaterThan(4);
  expect(files.filter((source) => !existsSync(new URL(source, root)))).toEqual([]);
  const named = mounts.filter((source) => !source.startsWith('./'));
  expect(named).toEqual(Object.keys(file.volumes));
});

test('services wait only for services that are there, and only proxies can be reached, from this machine alone', () => {
  const names = services.map(([name]) => name);
  for (const [, { depends_on = {} }] of services)
    expect(names).toEqual(expect.arrayContaining(Object.keys(depends_on)));
  const open = services.filter(([, { ports }]) => ports);
  expect(open.map(([name]) => name)).toEqual(['traefik', 'nginx']);
  for (const [, { ports }] of open) expect(ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:/)]);
});

// Attack: a site that was taken over asks Gatepost in a proxy's name, or empties the store and so undoes sign-outs.
test('a site reaches its proxy alone, Redis is reached by Gatepost alone, Gatepost by the proxies alone', () => {
  const reach = Object.fromEntries(services.map(([name]) => [name, neighbours(name)]));
  expect(reach).toEqual({
    traefik: ['nginx', 'gatepost', 'provider', 'app'],
    nginx: ['traefik', 'gatepost', 'wiki'],
    gatepost: ['traefik', 'nginx', 'redis'],
    redis: ['gatepost'],
    provider: ['traefik'],
    app: ['traefik'],
    wiki: ['nginx'],
  });
  const declared = Object.keys(file.networks);
  expect(new Set(services.flatMap(([, service]) => networksOf(service)))).toEqual(new Set(declared));
  expect(file.networks.store).toEqual({ internal: true });
});

test('secrets come from the environment, which must have them: none has a default, none is written here', () => {
  const { gatepost, redis } = file.services;
  for (const value of [gatepost!.environment!.GATEPOST_SECRET, gatepost!.environment!.REDIS_PASSWORD])
    expect(value).toMatch(/^\$\{[A-Z_]+:\?/);
  expect(redis!.environment!.REDIS_PASSWORD).toBe(gatepost!.environment!.REDIS_PASSWORD);
  // What Compose fills in itself ends on the command line; `$$` is left to the shell in the container.
  expect(redis!.command!.join('\n').replaceAll('$$', '')).not.toContain('$');
  expect(read('.gitignore').split('\n')).toContain('.env');
  expect(read('.dockerignore').split('\n')).toContain('*');
});

test("Gatepost's configuration loads, keeps sessions in Redis and has the provider's clients", () => {
  const { applications, store, nginx_method_header } = config();
  expect([store, nginx_method_header]).toEqual(['redis://:the-password-of-redis@redis:6379', 'X-Original-Method']);
  const { ISSUER, SITES } = file.services.provider!.environment!;
  const clients = applications.map(({ client_id, external_host }) => `${client_id}=${external_host}`);
  expect(clients.join(' ')).toBe(SITES);
  for (const { issuer, client_id, client_secret } of applications) {
    expect([issuer, client_secret]).toEqual([ISSUER, `${client_id}-demo-secret`]);
  }
});

test("Traefik's file is the one that users copy, filled in, and the way to the provider", () => {
  const filled = read('traefik/forward_single.yml')
    .replaceAll('app.example.com', 'app.localhost')
    .replaceAll('authentik_proxy_00000000', sessionCookieName(config().applications[0]!));
  const { routers, services: targets, middlewares } = readTraefik(read('compose/traefik.yml'));
  const { provider: toProvider, ...otherRouters } = routers;
  const { provider, ...otherTargets } = targets;
  expect({ middlewares, routers: otherRouters, services: otherTargets }).toEqual(readTraefik(filled));
  expect(toProvider!.rule).toBe('Host(`auth.localhost`)');
  expect(provider!.loadBalancer.servers).toEqual([{ url: 'http://provider:8080' }]);
});

test("nginx's files are those that users copy, the site's filled in", () => {
  const lines = (text: string) =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'));
  const filled = read('nginx/forward_single.conf')
    .replaceAll('set $gatepost_host app.example.com', 'set $gatepost_host wiki.localhost:8080')
    .replaceAll('app.example.com', 'wiki.localhost')
    .replaceAll('http://app:8080', 'http://wiki:8080');
  expect(lines(read('compose/nginx.conf'))).toEqual(lines(filled));
});
