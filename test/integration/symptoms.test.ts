/** A real Traefik that is set up wrongly: what Gatepost's log says of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createEvents, type LogEvent } from '../../src/observe/events.ts';
import { needTool } from '../support/tools.ts';
import { edit, withChange } from './proxy.ts';
import { useSites } from './started.ts';
import { traefik } from './traefik.ts';
import { createVisitor } from './visitor.ts';

const binary = needTool('traefik');

describe.skipIf(!binary)('a Traefik', () => {
  const startSite = useSites();

  /** Starts it with a mistake in its dynamic configuration. */
  async function start(mistake: (text: string) => string) {
    const said: LogEvent[] = [];
    const events = createEvents();
    events.on('log', (event) => event.event.startsWith('proxy.') && said.push(event));
    const mistaken = withChange(traefik, (site) => edit(site, 'gatepost.yml', mistake));
    return { site: await startSite(mistaken, events), said };
  }

  const visit = { headers: [['Accept', 'text/html']] as [string, string][] };

  test('without a route to the pages of Gatepost: the visitor gets 404 of the application, and the log says why', async () => {
    // The route is there for ping alone, by which the test sees that Traefik is ready.
    const { site, said } = await start((text) =>
      text
        .replace(/\(start\|[a-z_|]+\)/, '(ping)')
        .replace('PathPrefix(`/outpost.goauthentik.io/`)', 'PathPrefix(`/gatepost/`)'),
    );
    const first = await site.ask({ path: '/', ...visit });
    const start302 = new URL(String(first.headers.location));
    for (let tries = 0; tries < 2; tries += 1) {
      const page = await site.watch(() => site.ask({ path: start302.pathname + start302.search, ...visit }));
      expect(page.map(({ url }) => url)).toEqual([start302.pathname + start302.search]);
      await sleep(5100);
    }
    await site.ask({ path: '/', ...visit });
    await expect.poll(() => said.map(({ event }) => event)).toEqual(['proxy.endpoint_not_routed']);
    expect(said[0]?.message).toContain('asks about /outpost.goauthentik.io/start');
  });

  test("that asks at nginx's endpoint: a bare 401, and the log names the right endpoint", async () => {
    const { site, said } = await start((text) => text.replace('/auth/traefik', '/auth/nginx'));
    for (let tries = 0; tries < 3; tries += 1) expect((await site.ask({ path: '/', ...visit })).status).toBe(401);
    await expect.poll(() => said.map(({ event }) => event)).toEqual(['proxy.wrong_dialect']);
    expect(said[0]?.message).toContain('should ask at /outpost.goauthentik.io/auth/traefik');
  });

  test('that keeps Cookie from the auth request: the loop page, and the log says that the proxy drops it', async () => {
    const { site, said } = await start((text) =>
      text.replace('authResponseHeadersRegex:', 'authRequestHeaders: [Accept]\n        authResponseHeadersRegex:'),
    );
    const visitor = createVisitor();
    let page = await visitor.open(`${site.origin}/`);
    for (let logins = 0; logins < 4 && page.status !== 400; logins += 1)
      page = await visitor.signIn(`${site.origin}/`, 'alice', 'wonderland');
    expect(page.status).toBe(400);
    await expect.poll(() => said.map(({ event }) => event)).toEqual(['proxy.cookie_lost']);
    expect(said[0]?.message).toContain('the proxy does not send Cookie with it');
  });
});
