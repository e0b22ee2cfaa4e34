/** WebSockets as browsers open them on an https page: over HTTP/2 where the proxy offers it (RFC 8441), else HTTP/1.1. */
import type { Browser, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { sendFields } from '../frames.ts';
import type { TestedSite } from '../site.ts';
import { header, type Seen } from '../upstream.ts';

/** The first message of a socket that the page opens; an empty text where it does not open. */
const openSocket = (page: Page, address: string): Promise<string> =>
  page.evaluate(
    (url) =>
      new Promise((done) => {
        const socket = new WebSocket(url);
        socket.onerror = () => done('');
        socket.onmessage = ({ data }) => {
          done(data);
          socket.close();
        };
      }),
    address,
  );

export function socketCases(site: () => TestedSite, chromium: () => Browser): void {
  test("a page's WebSocket opens with a session and not without", async () => {
    const { origin, host } = site();
    const address = `wss://${host}/socket?a=b`;
    const context = await chromium().newContext();
    const page = await context.newPage();
    await page.goto(`${origin}/public/page.html`);
    const none = await site().watch(async () => expect(await openSocket(page, address)).toBe(''));
    expect(none).toEqual([]);
    const { cookie } = await site().signIn();
    const [name = '', value = ''] = cookie[1].split('=');
    await context.addCookies([{ name, value, url: origin, secure: true }]);
    const one = JSON.parse(await openSocket(page, address)) as Seen;
    expect(one).toMatchObject({ method: 'GET', url: '/socket?a=b' });
    expect(header(one, 'X-authentik-username')).toBe('alice');
    await context.close();
  });

  test('a WebSocket over HTTP/2 opens with a session, where the proxy supports it, and not without', async () => {
    const { host, port, tls, proxy } = site();
    const fields: [string, string][] = [
      [':method', 'CONNECT'],
      [':protocol', 'websocket'],
      [':scheme', 'https'],
      [':authority', host],
      [':path', '/socket'],
      ['sec-websocket-version', '13'],
      ['x-authentik-username', 'evil-forger'],
    ];
    const target = { port, ca: tls!.ca, servername: host.replace(/:\d+$/, '') };
    const open = (more: [string, string][], patience: number) =>
      site().watch(() => sendFields(target, [...fields, ...more], { open: true, patience }));
    expect(await open([], 1_000)).toEqual([]);
    const { cookie } = await site().signIn();
    const seen = await open([['cookie', cookie[1]]], proxy.h2Sockets ? 10_000 : 1_000);
    if (!proxy.h2Sockets) return expect(seen).toEqual([]);
    expect(seen).toMatchObject([{ method: 'GET', url: '/socket' }]);
    expect(header(seen[0]!, 'X-authentik-username')).toBe('alice');
  });
}
