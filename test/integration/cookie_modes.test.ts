/** `cookie` in a browser: links from another site to a strict one, and a site in a frame of another. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needTool } from '../support/tools.ts';
import { logIn, shown } from './cases/login.ts';
import { nginx } from './nginx.ts';
import { useChromium, useSiteOf, useWorld } from './started.ts';
import { header, type Seen } from './upstream.ts';

const hasPrograms = needTool('nginx') !== undefined && needTool('chromium') !== undefined;

/** Another site, on the address that the provider has too: `/` shows what the query says. */
function useOtherSite(): () => string {
  let server: Server;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const html = new URL(request.url ?? '/', 'http://127.0.0.1').searchParams.get('html') ?? '';
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>Another site</title>${html}`);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => new Promise((done) => server.close(done)));
  return () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const showing = (site: string, html: string) => `${site}/?html=${encodeURIComponent(html)}`;

describe.skipIf(!hasPrograms)('same_site: strict', () => {
  const chromium = useChromium();
  const other = useOtherSite();
  const site = useSiteOf(useWorld(['nginx'], 'plain', 'cookie: { same_site: strict }'), nginx, 'single');

  const follow = async (page: Page, address: string) => {
    await page.goto(showing(other(), `<a href="${address}">on</a>`));
    await page.click('a');
  };

  test('a link from another site leads through the login to its page, each time', async () => {
    const { origin } = site();
    const context = await chromium().newContext();
    const page = await context.newPage();
    await follow(page, `${origin}/first?x=1`);
    await page.waitForURL('**/interaction/**');
    await logIn(page);
    await page.waitForURL(`${origin}/first?x=1`);
    expect(header(await shown(page), 'X-authentik-username')).toBe('alice');
    const visited: string[] = [];
    page.on('framenavigated', (frame) => visited.push(new URL(frame.url()).pathname));
    // The provider knows the visitor by now: nobody is asked anything.
    await follow(page, `${origin}/second`);
    await page.waitForURL(`${origin}/second`);
    expect(header(await shown(page), 'X-authentik-username')).toBe('alice');
    expect(visited).toContain('/outpost.goauthentik.io/callback');
    visited.length = 0;
    await page.goto(`${origin}/third`);
    expect(header(await shown(page), 'X-authentik-username')).toBe('alice');
    expect(visited).toEqual(['/third']);
    const kept = await context.cookies(origin);
    expect(kept.find(({ name }) => name === site().cookie)?.sameSite).toBe('Strict');
    await context.close();
  });
});

describe.skipIf(!hasPrograms)('in a frame of another site', () => {
  const other = useOtherSite();
  // The provider's own cookies do not come into a frame: it must know the visitor without them.
  const hint = 'authorize_params: { login_hint: alice }';
  const world = useWorld(['nginx'], 'tls', `cookie: { same_site: none, partitioned: true }\n    ${hint}`);
  const chromium = useChromium(() => world().tls?.spki);
  const site = useSiteOf(world, nginx, 'single');

  test('the whole login works, and the session is of that other site alone', async () => {
    const { origin, cookie } = site();
    const context = await chromium().newContext();
    const page = await context.newPage();
    await page.goto(showing(other(), `<iframe src="${origin}/framed"></iframe>`));
    const frame = page.frames().find((one) => one !== page.mainFrame())!;
    await frame.waitForURL(`${origin}/framed`);
    const seen = JSON.parse((await frame.textContent('body')) ?? '') as Seen;
    expect(header(seen, 'X-authentik-username')).toBe('alice');
    expect(header(seen, 'Cookie')).toBeUndefined();
    const kept = (await context.cookies(origin)).find(({ name }) => name === cookie);
    expect(kept).toMatchObject({ sameSite: 'None', secure: true, partitionKey: 'http://127.0.0.1' });
    await context.close();
  });
});
