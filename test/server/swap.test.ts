/** Another configuration while requests run: each request sees one of them, and none fails. */
import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Config } from '../../src/config/schema/config.ts';
import { createEvents, type Events } from '../../src/observe/events.ts';
import { type Server, startServer } from '../../src/server/server.ts';
import { parse, yaml } from '../config/example.ts';

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});

/** All that a response and its line in the log say comes from `name`. */
function configOf(name: string, issuer = 'http://127.0.0.1:9/'): Config {
  const application = `slug: ${name}
mode: forward_domain
cookie_domain: example.com
external_host: https://${name}.example.com
issuer: ${issuer}
access: [{ path: ^/${name}, policy: deny }]`;
  return parse(yaml({ top: 'listen: { http: 127.0.0.1:0, metrics: off }\nlog: { level: error }', application }));
}

async function start(config: Config, events: Events = createEvents()): Promise<Server> {
  const server = await startServer(config, { events });
  clean.push(() => server.close());
  return server;
}

const agent = new Agent({ keepAlive: true });

function ask(server: Server, path: string, headers: Record<string, string>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port: server.http.port, path, headers, agent }, (response) => {
      response.resume().on('end', () => resolve(response));
    });
    request.on('error', reject);
  });
}

test('under load every request is decided and logged with one configuration, and none fails', async () => {
  const configs = ['one', 'two'].map((name) => configOf(name));
  const events = createEvents();
  const applications = new Map<string, string | undefined>();
  events.on('decision', ({ request_id, application }) => applications.set(request_id, application));
  const server = await start(configs[0] as Config, events);
  const seen: [id: string, path: string, response: IncomingMessage][] = [];
  let running = true;
  const client = async (number: number) => {
    for (let count = 0; running; count += 1) {
      const id = `request-${number}-${count}`;
      const path = count % 2 === 0 ? '/one' : '/two';
      const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'a.example.com', 'x-forwarded-uri': path };
      const headers = { ...forwarded, 'x-request-id': id, 'sec-fetch-mode': 'navigate', 'x-forwarded-method': 'GET' };
      seen.push([id, path, await ask(server, '/auth/traefik', headers)]);
    }
  };
  const clients = Array.from({ length: 8 }, (_, number) => client(number));
  for (let swaps = 0; swaps < 40; swaps += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    server.swap(configs[(swaps + 1) % 2] as Config);
  }
  running = false;
  await Promise.all(clients);

  expect(seen.length).toBeGreaterThan(40);
  // Decisions are logged after their responses.
  await expect.poll(() => applications.size).toBe(seen.length);
  expect(new Set(applications.values())).toEqual(new Set(['one', 'two']));
  for (const [id, path, { statusCode, headers }] of seen) {
    const application = applications.get(id);
    // Each configuration denies the path of its own name and sends to its own login from the other one.
    const expected = path === `/${application}` ? [403, undefined] : [302, `https://${application}.example.com`];
    expect([statusCode, headers.location && new URL(headers.location).origin]).toEqual(expected);
  }
});

test('the next request sees the new configuration; one that waits for a provider ends with its own', async () => {
  let respond = () => {};
  const provider = createServer((_, response) => {
    const { port } = provider.address() as AddressInfo;
    const issuer = `http://127.0.0.1:${port}`;
    respond = () => {
      const metadata = { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` };
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ ...metadata, jwks_uri: `${issuer}/j` }));
    };
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  clean.push(() => provider.close());
  const issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const server = await start(configOf('one', issuer));
  const asked = once(provider, 'request');
  const login = ask(server, '/outpost.goauthentik.io/start', { host: 'one.example.com' });
  await asked;
  // Gatepost accepts connections in order: the login has arrived when this one is answered.
  await ask(server, '/-/health/live', {});
  server.swap(configOf('two'));
  const next = await ask(server, '/auth/traefik', {
    ...{ 'x-forwarded-proto': 'https', 'x-forwarded-host': 'a.example.com', 'x-forwarded-uri': '/two' },
  });
  expect(next.statusCode).toBe(403);
  respond();
  expect(new URL((await login).headers.location ?? '').origin).toBe(issuer);
});

/** A provider that counts what it is asked, and answers nothing of use while it is down. */
async function startIssuer({ isUp = true } = {}) {
  const asked: string[] = [];
  const provider = createServer(({ url = '' }, response) => {
    asked.push(url);
    const { port } = provider.address() as AddressInfo;
    const issuer = `http://127.0.0.1:${port}`;
    const metadata = { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` };
    const text = JSON.stringify({ ...metadata, jwks_uri: `${issuer}/j` });
    response.writeHead(isUp ? 200 : 503, { 'content-type': 'application/json' }).end(text);
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  clean.push(() => provider.close());
  return { asked, issuer: `http://127.0.0.1:${(provider.address() as AddressInfo).port}` };
}

test('what is known of a provider is kept as long as an application has it, and is not looked for after that', async () => {
  const { asked, issuer } = await startIssuer();
  const down = await startIssuer({ isUp: false });
  const server = await start(configOf('one', issuer));
  await expect.poll(() => asked.length).toBe(1);
  for (const name of ['two', 'one', 'two']) {
    server.swap(configOf(name, issuer));
    expect((await ask(server, '/outpost.goauthentik.io/start', { host: `${name}.example.com` })).statusCode).toBe(302);
  }
  expect(asked).toHaveLength(1);
  server.swap(configOf('one', down.issuer));
  await expect.poll(() => down.asked.length).toBeGreaterThan(0);
  server.swap(configOf('one', issuer));
  const before = down.asked.length;
  // The next attempt would come within a second or two.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(down.asked).toHaveLength(before);
  await expect.poll(() => asked.length).toBe(2);
});

test('a configuration that is prepared is seen by nobody before it is taken, and not at all when it is given up', async () => {
  const server = await start(configOf('one'));
  const status = async (path: string) => {
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'a.example.com', 'x-forwarded-uri': path };
    return (await ask(server, '/auth/traefik', forwarded)).statusCode;
  };
  server.prepare(configOf('two')).abort();
  expect(await status('/one')).toBe(403);
  const { commit } = server.prepare(configOf('two'));
  expect(await status('/one')).toBe(403);
  commit();
  expect([await status('/one'), await status('/two')]).toEqual([302, 403]);
});
