/** Requests other than for pages: WebSockets, uploads and less common methods. */

import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { reached } from '../ask.ts';
import type { TestedSite } from '../site.ts';
import { header, type Seen } from '../upstream.ts';

/** The first message of a socket, or the status with which it was refused. */
export function openSocket(site: TestedSite, headers: Record<string, string>): Promise<Seen | number> {
  return new Promise((done, fail) => {
    const { port, host, tls } = site;
    const socket = new WebSocket(`${tls ? 'wss' : 'ws'}://127.0.0.1:${port}/socket?a=b`, {
      headers: { Host: host, ...headers },
      ...(tls && { ca: tls.ca, servername: host.replace(/:\d+$/, '') }),
    });
    socket.once('message', (data) => {
      socket.send('and back');
      socket.once('message', (echo) => {
        if (echo.toString() !== 'and back') fail(new Error('the socket does not carry messages'));
        done(JSON.parse(data.toString()) as Seen);
        socket.terminate();
      });
    });
    socket.once('unexpected-response', (_request, response) => {
      done(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.once('error', fail);
  });
}

export function trafficCases(site: () => TestedSite): void {
  test('a WebSocket opens with a session and is refused without', async () => {
    const { cookie } = await site().signIn();
    const open = await openSocket(site(), { Cookie: cookie[1] });
    expect(open).toMatchObject({ url: '/socket?a=b' });
    expect(header(open as Seen, 'X-authentik-username')).toBe('alice');
    // As browsers mark a WebSocket.
    expect(await openSocket(site(), { 'Sec-Fetch-Mode': 'websocket' })).toBe(401);
    expect([302, 401]).toContain(await openSocket(site(), {}));
  });

  test('five hundred groups and a token of 15 KB arrive whole', async () => {
    const { cookie } = await site().signIn('carol', 'crowd');
    const seen = reached(await site().ask({ path: '/whoami', headers: [cookie] }));
    expect(header(seen, 'X-authentik-groups')?.split('|')).toHaveLength(500);
    const token = header(seen, 'X-authentik-jwt')?.split('.')[1] ?? '';
    expect(token.length).toBeGreaterThan(10_000);
    expect(JSON.parse(Buffer.from(token, 'base64url').toString())).toMatchObject({ sub: 'u-carol' });
  });

  test('5 MB arrive whole', async () => {
    const { cookie } = await site().signIn();
    const body = Buffer.alloc(5 * 1024 * 1024, 'x');
    const answer = await site().ask({ method: 'POST', path: '/upload?name=x', headers: [cookie], body });
    expect(answer.seen).toMatchObject({ method: 'POST', url: '/upload?name=x', body: body.length });
  });

  test('HEAD, PUT, PROPFIND and DELETE arrive unchanged, and only with a session', async () => {
    const { cookie } = await site().signIn();
    for (const method of ['HEAD', 'PUT', 'PROPFIND', 'DELETE']) {
      const seen = await site().watch(() => site().ask({ method, path: '/file', headers: [cookie] }));
      expect(seen).toMatchObject([{ method, url: '/file' }]);
      const none = await site().watch(async () => {
        const { status } = await site().ask({ method, path: '/file', headers: [['Accept', 'application/xml']] });
        expect([method, status]).toEqual([method, 401]);
      });
      expect(none).toEqual([]);
    }
  });

  test('the application gets exactly the URL that was requested', async () => {
    const { cookie } = await site().signIn();
    for (const path of ['/a%20b?c=%2F&d=e+f', '/a%2Fb', '/%C3%A4?x=%25', '/a=b&c?x?y', '/~a(b)!*,@:$']) {
      const seen = reached(await site().ask({ path, headers: [cookie] }));
      expect(seen?.url).toBe(path);
    }
  });
}
