/** Traefik with labels of containers: the cases of every proxy, and what is so with labels alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { needTool } from '../support/tools.ts';
import { editCompose, useLabels } from './labels_site.ts';
import type { TestedSite } from './site.ts';
import { proxySuite } from './site_suite.ts';
import { traefikLabels, traefikLabelsFile } from './traefik_labels.ts';

proxySuite([traefikLabels]);
proxySuite([traefikLabelsFile], ['domain']);

const binary = needTool('traefik');

describe.skipIf(!binary)('labels', () => {
  const start = useLabels();

  /** Of a public page, when it is another than `before`; Traefik gathers changes for some seconds. */
  async function statusAfter(site: TestedSite, before: number): Promise<number> {
    for (let waited = 0; waited < 10_000; waited += 50) {
      const { status } = await site.ask({ path: '/public/x' });
      if (status !== before) return status;
      await sleep(50);
    }
    return before;
  }

  // Attack: the application's router stays while the middleware that it names is gone with Gatepost's container.
  test('without the container of Gatepost the site is a 404, and open again with it', async () => {
    const { site, engine } = await start(traefikLabels);
    expect((await site.ask({ path: '/public/x' })).status).toBe(200);
    const seen = await site.watch(async () => {
      engine.stopContainer('gatepost');
      expect(await statusAfter(site, 200)).toBe(404);
    });
    expect(seen.map(({ url }) => url)).not.toContain('/private');
    expect(await site.watch(() => site.ask({ path: '/private' }))).toEqual([]);
    engine.startContainer('gatepost');
    expect(await statusAfter(site, 404)).toBe(200);
  });

  // What the page says of the set-up with a file.
  test('with the file, the site is a 500 without Gatepost, never open', async () => {
    const { site } = await start(traefikLabelsFile);
    expect((await site.ask({ path: '/public/x' })).status).toBe(200);
    site.gate.become('refuse');
    const seen = await site.watch(async () => {
      for (const path of ['/public/x', '/private']) expect((await site.ask({ path })).status).toBe(500);
    });
    expect(seen).toEqual([]);
  });

  test('behind the middleware, a prefix may be taken off: Gatepost judges the URL that the client wrote', async () => {
    const strip = 'traefik.http.middlewares.app-strip.stripprefix.prefixes: /part';
    const { site } = await start(
      traefikLabels,
      editCompose((text) => {
        const named = /( +)traefik\.http\.routers\.app\.middlewares: gatepost\n/;
        expect(text).toMatch(named);
        return text.replace(named, `$1traefik.http.routers.app.middlewares: gatepost,app-strip\n$1${strip}\n`);
      }),
    );
    expect(await site.watch(() => site.ask({ path: '/part/public/x' }))).toEqual([]);
    const { cookie } = await site.signIn();
    expect((await site.ask({ path: '/part/page?a=b', headers: [cookie] })).seen?.url).toBe('/page?a=b');
  });

  // Attack: a container that nobody has thought of is served without an auth request, under a host of its name.
  test.each([
    ['false', 404],
    ['true', 200],
  ])('exposedbydefault=%s: a container without traefik.enable is a %i', async (value, status) => {
    const { site } = await start(
      traefikLabels,
      editCompose((text) => {
        const port = /server\.port: "(\d+)"\n {4}restart: unless-stopped\n\n#/.exec(text)?.[1];
        const other = `\n  other:\n    labels: { traefik.http.services.other.loadbalancer.server.port: "${port}" }\n`;
        return text
          .replace('exposedbydefault=false', `exposedbydefault=${value}`)
          .replace(/\n {2}app:\n/, `${other}$&`);
      }),
    );
    expect((await site.ask({ path: '/private', host: 'project-other-1' })).status).toBe(status);
  });

  // Attack: another container says that the client's headers may stay.
  test('if two containers say different things about one middleware, there is no site', async () => {
    const label = 'traefik.http.middlewares.gatepost.chain.middlewares';
    const port = 'traefik.http.services.other.loadbalancer.server.port';
    const { site } = await start(
      traefikLabels,
      editCompose((text) =>
        text.replace(
          /\n {2}app:\n/,
          `\n  other:\n    labels: { traefik.enable: "true", ${port}: "1", ${label}: gatepost-not-found }\n$&`,
        ),
      ),
    );
    expect((await site.ask({ path: '/public/x' })).status).toBe(404);
  });

  test('the endpoints are there on every host, and an unknown host gets nothing from them', async () => {
    const { site } = await start(traefikLabels);
    const ping = await site.ask({ path: '/outpost.goauthentik.io/ping', host: 'unknown.example' });
    const login = await site.ask({ path: '/outpost.goauthentik.io/start?rd=/', host: 'unknown.example' });
    expect([ping.status, login.status]).toEqual([204, 404]);
  });
});
