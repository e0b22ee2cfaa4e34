/** The shipped nginx files beside lines that operators have in the same server: error pages, limits, other locations. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { needTool } from '../support/tools.ts';
import { nginx } from './nginx.ts';
import { edit, type Site, withChange } from './proxy.ts';
import { useSite } from './started.ts';

const binary = needTool('nginx');
const json: [string, string] = ['Accept', 'application/json'];
const html: [string, string] = ['Accept', 'text/html'];

/** The idle limit of the shipped file, and one that a test can wait for. */
const [SHIPPED_LIMIT, SHORT_LIMIT] = ['2h', '2s'];

/** Nothing listens there. */
const DEAD_PORT = 9;

/** Lines of the operator's, at the level of `server { }`. */
const ownLines = (site: Site) => `
    error_page 404 /not-there.html;
    error_page 502 503 504 /sorry.html;
    location = /sorry.html { internal; root own; }

    location /down/ {
        include gatepost/protect.conf;
        proxy_pass http://127.0.0.1:${DEAD_PORT};
    }
    location /small/ {
        include gatepost/protect.conf;
        proxy_read_timeout 30s;
        proxy_http_version 1.1;
        client_max_body_size 1k;
        proxy_pass http://127.0.0.1:${site.upstream};
    }
    location /intercepted/ {
        include gatepost/protect.conf;
        proxy_intercept_errors on;
        proxy_pass http://127.0.0.1:${site.upstream}/basic;
    }
    location /closed/ { deny all; }
    location /own/ { auth_basic own; auth_basic_user_file own/users; root own; }
`;

const limit = (value: string) => `proxy_read_timeout ${value};\nproxy_send_timeout ${value};`;

const withOwnLines = withChange(nginx, (site) => {
  mkdirSync(join(site.directory, 'own'));
  writeFileSync(join(site.directory, 'own/sorry.html'), 'we are sorry');
  writeFileSync(join(site.directory, 'own/users'), 'someone:{PLAIN}secret\n');
  edit(site, 'site.conf', (text) => text.replace('include gatepost/server.conf;\n', `$&${ownLines(site)}`));
  edit(site, 'gatepost/limits.conf', (text) => text.replace(limit(SHIPPED_LIMIT), limit(SHORT_LIMIT)));
});

describe.skipIf(!binary)('beside lines of the operator', () => {
  const site = useSite(withOwnLines);
  let cookie: [string, string];
  beforeAll(async () => {
    ({ cookie } = await site().signIn());
  });

  test("an application that is down shows the server's own page", async () => {
    const answer = await site().ask({ path: '/down/x', headers: [cookie, html] });
    expect([answer.status, answer.text]).toEqual([502, 'we are sorry']);
  });

  test('a visitor without a session still goes to the login, a program gets its 401, a user without permission the page', async () => {
    const visit = await site().ask({ path: '/down/x', headers: [html] });
    expect([visit.status, visit.headers.location]).toEqual([302, expect.stringContaining('/start?rd=')]);
    const call = await site().ask({ path: '/down/x', headers: [json] });
    expect([call.status, JSON.parse(call.text)]).toEqual([
      401,
      expect.objectContaining({ login_url: expect.any(String) }),
    ]);
    const bob = await site().signIn('bob', 'builder');
    const denied = await site().ask({ path: '/admin', headers: [bob.cookie, html] });
    expect([denied.status, denied.text]).toEqual([403, expect.stringContaining('bob')]);
  });

  test('a location may set limits of its own', async () => {
    const send = (bytes: number) =>
      site().ask({ method: 'POST', path: '/small/x', headers: [cookie], body: Buffer.alloc(bytes, 'x') });
    expect((await send(500)).seen?.body).toBe(500);
    expect((await send(5_000)).status).toBe(413);
  });

  test('refusals that are not from Gatepost stay as nginx makes them', async () => {
    for (const headers of [[cookie], [html], [json]]) {
      const closed = await site().ask({ path: '/closed/x', headers });
      expect([closed.status, closed.text]).toEqual([403, expect.stringContaining('403 Forbidden')]);
      const own = await site().ask({ path: '/own/x', headers });
      expect([own.status, own.headers['www-authenticate']]).toEqual([401, 'Basic realm="own"']);
    }
    const application = await site().ask({ path: '/intercepted/x', headers: [cookie, html] });
    expect([application.status, application.headers['www-authenticate']]).toEqual([401, 'Basic realm="application"']);
  });

  test('the limit of limits.conf is the only one for an idle WebSocket', async () => {
    const { port, host } = site();
    const opened = performance.now();
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`, { headers: { Host: host, Cookie: cookie[1] } });
    await new Promise((done, fail) => socket.once('message', done).once('error', fail));
    await new Promise((done) => socket.once('close', done));
    expect(performance.now() - opened).toBeGreaterThan(1_900);
  });
});
