/** Whatever breaks on the way to a decision or to its response: the request is not let in. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import type { Authorizer } from '../../src/auth/authorizer.ts';
import { createAuthHandler } from '../../src/auth/handler.ts';
import { createTrustedPeer } from '../../src/auth/trusted_peer.ts';
import { compileApplication } from '../../src/decision/application.ts';
import type { Decision } from '../../src/decision/decision.ts';
import { compileNetworks } from '../../src/http/ip.ts';
import { createEvents, type DecisionEvent } from '../../src/observe/events.ts';
import { createProbes } from '../../src/probe/probes.ts';
import { createRender, type Render } from '../../src/responses/render.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { renderOptions } from '../responses/fixture.ts';
import { makeApplication, SECRET } from '../support/application.ts';

const application = compileApplication(makeApplication({ issuer: 'https://id.example.com/' }));
const allowed: Decision = { kind: 'allow', application };

interface Outcome {
  status: number | undefined;
  reason: string | undefined;
  destroyed: boolean;
  events: DecisionEvent[];
}

/** One auth request through the handler, with one part of it broken. */
async function send(broken: {
  check?: Authorizer['check'];
  render?: Render;
  writeHead?: () => never;
  end?: () => never;
  remoteAddress?: string;
}): Promise<Outcome> {
  const events = createEvents();
  const outcome: Outcome = { status: undefined, reason: undefined, destroyed: false, events: [] };
  events.on('decision', (event) => outcome.events.push(event));
  const handle = createAuthHandler({
    authorizer: { check: broken.check ?? (() => allowed) },
    render: broken.render ?? createRender(renderOptions()),
    index: { find: () => application, areDifferent: () => false },
    trustedPeer: createTrustedPeer(compileNetworks(['127.0.0.0/8'])),
    listedProxies: compileNetworks([]),
    nginxMethodHeader: undefined,
    probes: createProbes({ secret: [SECRET], store: createMemoryStore(() => 0), now: () => 0 }),
    events,
    symptoms: { asked: () => undefined },
    logQuery: false,
    noteRefusal() {},
  });
  const headers = {
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'grafana.example.com',
    'x-forwarded-uri': '/',
    'x-request-id': 'id-of-the-proxy',
  };
  const socket = { remoteAddress: broken.remoteAddress ?? '127.0.0.1' };
  const request = { method: 'GET', url: '/auth/traefik', headers, rawHeaders: Object.entries(headers).flat(), socket };
  const response = {
    headersSent: false,
    writeHead(status: number, list: readonly string[]) {
      broken.writeHead?.();
      this.headersSent = true;
      outcome.status = status;
      outcome.reason = list[list.indexOf('X-Gatepost-Reason') + 1];
    },
    end: () => broken.end?.(),
    destroy: () => {
      outcome.destroyed = true;
    },
  };
  expect(handle(request as unknown as IncomingMessage, response as unknown as ServerResponse)).toBe(true);
  await expect.poll(() => outcome.status !== undefined || outcome.destroyed).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  return outcome;
}

const bug = (): never => {
  throw new Error('a bug');
};

test('the parts of these tests let a request in where nothing is broken', async () =>
  expect(await send({})).toMatchObject({ status: 200, destroyed: false }));

test.each([
  ['throws', bug],
  ['rejects', () => Promise.reject(new Error('a bug'))],
])('an authorizer that %s is a 500', async (_, check) => {
  const outcome = await send({ check });
  expect(outcome).toMatchObject({ status: 500, reason: 'internal_error', destroyed: false });
  expect(outcome.events).toMatchObject([{ decision: 'unavailable', reason: 'internal_error', status: 500 }]);
});

test.each([
  ['at once', (): Decision => allowed],
  ['later', async (): Promise<Decision> => allowed],
])('a renderer that breaks for an allowed request (%s) is a 500', async (_, check) => {
  const works = createRender(renderOptions());
  const render: Render = (decision, context) => (decision.kind === 'allow' ? bug() : works(decision, context));
  expect(await send({ check, render })).toMatchObject({ status: 500, reason: 'internal_error' });
});

test('a renderer that always breaks ends the connection', async () =>
  expect(await send({ render: bug })).toMatchObject({ status: undefined, destroyed: true }));

test('a renderer that always breaks ends the connection, also after a wait', async () =>
  expect(await send({ check: async () => allowed, render: bug })).toMatchObject({
    status: undefined,
    destroyed: true,
  }));

test('a response that cannot be written ends the connection', async () =>
  expect(await send({ writeHead: bug })).toMatchObject({ status: undefined, destroyed: true }));

test('a response that breaks after its head was sent is cut off, and no second head is written', async () =>
  expect(await send({ end: bug })).toMatchObject({ status: 200, destroyed: true }));

test('a peer that is not trusted, or has no address, is refused before anything is parsed', async () => {
  for (const remoteAddress of ['192.0.2.1', '']) {
    expect(await send({ remoteAddress, check: bug })).toMatchObject({ status: 403, reason: 'untrusted_peer' });
  }
});

// Attack: a client that reaches Gatepost past the proxy writes lines under the id of a request that it saw on a page.
test('the id of a request is that of the proxy, and never that of a peer that is not trusted', async () => {
  expect((await send({})).events).toMatchObject([{ request_id: 'id-of-the-proxy' }]);
  const [refused] = (await send({ remoteAddress: '192.0.2.1' })).events as { request_id: string }[];
  expect(refused?.request_id).toMatch(/^[\w.-]{8,64}$/);
  expect(refused?.request_id).not.toBe('id-of-the-proxy');
});
