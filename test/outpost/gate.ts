/** Gatepost in the place of authentik's outpost, in this process, and browsers that come to it through a proxy. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type OutpostServer, serveOutpost } from '../../src/outpost/serve.ts';
import { readOutpostStart } from '../../src/outpost/start.ts';
import type { Authentik } from '../authentik/index.ts';
import { createBrowser } from '../support/browser.ts';
import { freePort } from '../support/free_port.ts';

/**
 * At the end of the test, the last one first. Files of one thread share this module: an `afterEach` of the module would
 * be one of the first file alone, and what the others begin would go on in the files after them.
 */
export const atEnd = (end: () => unknown) => onTestFinished(async () => void (await end()));

/** On a connection of its own: Gatepost's end waits for kept ones that a proxy may still use. */
export function fetchOnce(url: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('connection', 'close');
  return fetch(url, { ...init, headers });
}

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'gatepost-outpost-'));
  atEnd(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

type Env = Record<string, string>;
export type Gate = Awaited<ReturnType<typeof startGate>>;

/** With the four variables, and what a test adds. */
export async function startGate(authentik: Pick<Authentik, 'url' | 'token'>, env: Env = {}, file?: string) {
  const [http, metrics] = [await freePort(), await freePort()];
  const start = await readOutpostStart({
    file,
    env: {
      AUTHENTIK_HOST: authentik.url,
      AUTHENTIK_TOKEN: authentik.token,
      AUTHENTIK_LISTEN__HTTP: `127.0.0.1:${http}`,
      AUTHENTIK_LISTEN__METRICS: `127.0.0.1:${metrics}`,
      AUTHENTIK_LOG_LEVEL: 'error',
      ...env,
    },
  });
  if (start === undefined) throw new Error('outpost mode is off');
  const lines: string[] = [];
  const server: OutpostServer = await serveOutpost(start, () => {}, {
    onEvents: (events) =>
      events.on('log', ({ level, event, message }) => void lines.push(`${level} ${event} ${message}`)),
  });
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= server.close();
    return closed;
  };
  atEnd(close);
  const url = `http://127.0.0.1:${http}`;

  /** As Traefik asks. Node's `fetch` says that it is a script: without a session the answer is 401. */
  async function ask(address: string, headers: Env = {}): Promise<Response> {
    const { host, pathname, search } = new URL(address);
    return fetchOnce(`${url}/outpost.goauthentik.io/auth/traefik`, {
      redirect: 'manual',
      headers: {
        'x-forwarded-proto': 'https',
        'x-forwarded-host': host,
        'x-forwarded-uri': pathname + search,
        ...headers,
      },
    });
  }

  return {
    url,
    metricsUrl: `http://127.0.0.1:${metrics}`,
    server,
    lines,
    ask,
    close,
    status: async (address: string) => (await ask(address)).status,
    ready: async () => (await fetchOnce(`${url}/-/health/ready`)).status,
    /** A browser whose requests to `site` go through a proxy; those to authentik go there. */
    browser: (site: string) =>
      createBrowser((to) => {
        if (to.host !== new URL(site).host) return undefined;
        const isOwn = to.pathname.startsWith('/outpost.goauthentik.io/');
        const path = isOwn ? to.pathname + to.search : '/outpost.goauthentik.io/auth/traefik';
        const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': to.host };
        return { url: url + path, headers: { ...forwarded, 'x-forwarded-uri': to.pathname + to.search } };
      }, fetchOnce),
  };
}
