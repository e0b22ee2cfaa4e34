import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assemble } from '../../src/assemble.ts';
import type { Authorizer } from '../../src/auth/authorizer.ts';
import { createAuthHandler } from '../../src/auth/handler.ts';
import { createEvents } from '../../src/observe/events.ts';
import { createRender, type Render } from '../../src/responses/render.ts';
import type { AuthResponse } from '../../src/responses/response.ts';
import { createServices } from '../../src/services.ts';
import { sessionCookieName } from '../../src/sessions/session_cookie.ts';
import { openStore } from '../../src/stores/open.ts';
import type { Store } from '../../src/stores/store.ts';
import { renderOptions } from '../responses/fixture.ts';
import { makeApplication, makeConfig } from '../support/application.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';

const basic = `Basic ${Buffer.from('alice:app-alice').toString('base64')}`;
const folder = mkdtempSync(join(tmpdir(), 'gatepost-hot-path-'));
let provider: TestProvider;

beforeAll(async () => {
  const client = { client_id: 'grafana', client_secret: 'grafana-secret' };
  provider = await startProvider({ clients: [{ ...client, redirect_uris: ['https://grafana.example.com/cb'] }] });
});
afterAll(async () => {
  await provider.close();
  rmSync(folder, { recursive: true });
});

interface Answered {
  status: number;
  headers: readonly string[];
  rendered: AuthResponse | undefined;
  /** Whether the decision was there without a promise: nothing was waited for. */
  atOnce: boolean;
}

/** The whole auth handler behind a listener that is not there, and how often it has used its store. */
async function site(storeUrl: string) {
  const application = makeApplication({
    issuer: provider.issuer,
    access: [{ path: '^/public/', policy: 'public' } as never],
  });
  const events = createEvents();
  const store = openStore(storeUrl, { now: Date.now, elapsed: () => performance.now() }, events);
  const services = createServices({ store, events, now: Date.now, elapsed: () => performance.now() });
  const config = makeConfig([application], { store: storeUrl });
  const { index, trustedPeer, listedProxies, authorizer, probes, symptoms } = assemble(config, services);
  // A library that is loaded late is there afterwards.
  await store.ping();
  const ownRender = createRender(renderOptions({ jwksUri: () => 'https://id.example.com/jwks', now: Date.now }));
  let rendered: AuthResponse | undefined;
  const render: Render = (...of) => {
    rendered = ownRender(...of);
    return rendered;
  };
  let atOnce = false;
  const watched: Authorizer = {
    check(request) {
      const decision = authorizer.check(request);
      atOnce = !(decision instanceof Promise);
      return decision;
    },
  };
  const peers = { trustedPeer, listedProxies };
  const log = { events, logQuery: false, symptoms, noteRefusal() {} };
  const options = { render, index, ...peers, probes, nginxMethodHeader: undefined, ...log };
  const handle = createAuthHandler({ ...options, authorizer: watched });
  const socket = { remoteAddress: '127.0.0.1' };

  const ask = (path: string, more: Record<string, string> = {}) =>
    new Promise<Answered>((resolve) => {
      const headers = {
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'grafana.example.com',
        'x-forwarded-uri': path,
        'x-forwarded-for': '203.0.113.7',
        accept: 'application/json',
        ...more,
      };
      const request = {
        method: 'GET',
        url: '/auth/traefik',
        headers,
        rawHeaders: Object.entries(headers).flat(),
        socket,
      };
      const written = { status: 0, headers: [] as readonly string[] };
      const response = {
        writeHead: (status: number, list: readonly string[]) => Object.assign(written, { status, headers: list }),
        end: () => resolve({ ...written, rendered, atOnce }),
      };
      handle(request as unknown as IncomingMessage, response as unknown as ServerResponse);
    });
  return { ask, calls: countCalls(store), close: () => store.close() };
}

/** Counts the calls that read or write rows from now on. */
function countCalls(store: Store): { count: number } {
  const calls = { count: 0 };
  const names = ['get', 'getMany', 'peek', 'set', 'delete', 'add', 'replace', 'reserve', 'cancel'] as const;
  for (const name of names) {
    const method = store[name] as ((...args: unknown[]) => unknown) | undefined;
    if (!method) continue;
    const value = (...args: unknown[]) => {
      calls.count += 1;
      return method(...args);
    };
    Object.defineProperty(store, name, { value });
  }
  return calls;
}

const cookieOf = ({ headers }: Answered) =>
  (headers[headers.indexOf('Set-Cookie') + 1] as string).split(';')[0] as string;

describe.each(['memory', pathToFileURL(join(folder, 'sessions')).href])('with %s', (store) => {
  test('a warm session waits for nothing, reads no row and is rendered once', async () => {
    const { ask, calls, close } = await site(store);
    const cookie = cookieOf(await ask('/', { authorization: basic }));
    await ask('/', { cookie });
    calls.count = 0;
    const [one, two] = [await ask('/a', { cookie }), await ask('/b', { cookie })];
    expect(one).toMatchObject({ status: 200, atOnce: true });
    expect(one.headers).toContain('X-authentik-username');
    expect(two.rendered).toBe(one.rendered);
    expect(calls.count).toBe(0);
    await close();
  });

  test('a known Basic credential without a cookie waits for nothing, reads no row and asks the provider nothing', async () => {
    const { ask, calls, close } = await site(store);
    await ask('/', { authorization: basic });
    await ask('/', { authorization: basic });
    calls.count = 0;
    const asked = { ...provider.counts };
    expect(await ask('/', { authorization: basic })).toMatchObject({ status: 200, atOnce: true });
    expect(calls.count).toBe(0);
    expect(provider.counts).toEqual(asked);
    await close();
  });

  test('a visitor without credentials and a public path wait for nothing and touch no store', async () => {
    const { ask, calls, close } = await site(store);
    calls.count = 0;
    expect(await ask('/')).toMatchObject({ status: 401, atOnce: true });
    expect(await ask('/public/app.js')).toMatchObject({ status: 200, atOnce: true });
    expect(calls.count).toBe(0);
    await close();
  });

  test('a cookie that no session belongs to costs one look at its row', async () => {
    const { ask, calls, close } = await site(store);
    const cookie = `${sessionCookieName(makeApplication(provider))}=${'x'.repeat(43)}`;
    calls.count = 0;
    expect(await ask('/', { cookie })).toMatchObject({ status: 401 });
    expect(calls.count).toBe(1);
    await close();
  });
});
