/** httpd answers a request in many ways (files, rewriting, error pages, a cache): none of them goes past the auth request. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { needTool } from '../support/tools.ts';
import { endAll, startChanged } from './apache_stub.ts';
import { ask, reached } from './ask.ts';
import type { Site } from './proxy.ts';
import { sendBytes } from './send_bytes.ts';
import { header } from './upstream.ts';

const binary = needTool('apache2');
afterEach(endAll);

/** A folder of files below two addresses. */
function files(site: Site, htaccess = ''): string[] {
  const folder = join(site.directory, 'files');
  mkdirSync(folder);
  writeFileSync(join(folder, 'index.html'), 'secret index');
  writeFileSync(join(folder, 'other.html'), 'secret other');
  writeFileSync(join(folder, '.htaccess'), htaccess);
  return [
    `Alias /open-files ${folder}`,
    `Alias /closed-files ${folder}`,
    'ProxyPass /open-files !',
    'ProxyPass /closed-files !',
    `<Directory ${folder}>\nAllowOverride All\nRequire all granted\n</Directory>`,
  ];
}

describe.skipIf(!binary)('the hook sees', () => {
  test("httpd's own files, also those that another name is found for", async () => {
    const { get, stub } = await startChanged(binary!, { lines: files, modules: ['dir'] });
    expect((await get('/open-files/')).text).toBe('secret index');
    for (const path of ['/closed-files/', '/closed-files/index.html']) expect((await get(path)).status).toBe(403);
    expect(stub.asked).toEqual(['/open-files/', '/closed-files/', '/closed-files/index.html']);
  });

  test('what a rule of a folder rewrites: once, at the address that the client wrote', async () => {
    const rules = 'RewriteEngine On\nRewriteRule ^(?:x|y/.*)$ other.html\n';
    const { get, stub } = await startChanged(binary!, {
      lines: (site) => files(site, rules),
      modules: ['dir', 'rewrite'],
    });
    for (const path of ['/open-files/x', '/open-files/y/z']) expect((await get(path)).text).toBe('secret other');
    for (const path of ['/closed-files/x', '/closed-files/y/z']) expect((await get(path)).status).toBe(403);
    expect(stub.asked).toEqual(['/open-files/x', '/open-files/y/z', '/closed-files/x', '/closed-files/y/z']);
  });

  test('what a rule hands to a proxy', async () => {
    const lines = ({ upstream }: Site) => [
      'RewriteEngine On',
      `RewriteRule ^/(?:open|closed)-rule/(.*) http://127.0.0.1:${upstream}/$1 [P]`,
      `<Location /closed-place>\nProxyPass http://127.0.0.1:${upstream}/\n</Location>`,
    ];
    const { get, seen } = await startChanged(binary!, { lines, modules: ['rewrite'] });
    const open = await get('/open-rule/x', [['X_authentik_username', 'evil']]);
    expect(header(reached(open), 'X-authentik-username')).toBe('alice');
    expect(header(reached(open), 'X_authentik_username')).toBeUndefined();
    for (const path of ['/closed-rule/x', '/closed-place/x']) expect((await get(path)).status).toBe(403);
    expect(seen.map(({ url }) => url)).toEqual(['/x']);
  });

  // Attack: the page of an error is asked for before the auth request.
  test('the page of an error, where the first request had not been allowed', async () => {
    const lines = () => ['ErrorDocument 400 /open/400', 'ErrorDocument 404 /open/404', 'ProxyErrorOverride On'];
    const { get, seen, port, host } = await startChanged(binary!, { lines });
    const malformed = ['GET /../x HTTP/1.1', `Host: ${host}`, 'Connection: close'];
    expect(await sendBytes({ port, servername: '', ca: undefined }, `${malformed.join('\r\n')}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 400/,
    );
    await get('/a%00b');
    expect(seen).toEqual([]);
    expect((await get('/open/missing')).status).toBe(200);
    expect((await get('/missing')).status).toBe(403);
    expect(seen.map(({ url }) => url)).toEqual(['/open/missing']);
  });

  test('a request that the cache could answer', async () => {
    const lines = ({ directory }: Site) => {
      mkdirSync(join(directory, 'cache'));
      chmodSync(join(directory, 'cache'), 0o777);
      return ['CacheEnable disk /', `CacheRoot ${directory}/cache`, 'CacheIgnoreNoLastMod On', 'CacheDefaultExpire 60'];
    };
    const { get, stub, seen } = await startChanged(binary!, { lines, modules: ['cache', 'cache_disk'] });
    for (let at = 0; at < 3; at += 1) expect((await get('/open/cached')).status).toBe(200);
    expect([stub.asked.length, seen.length]).toEqual([3, 1]);
  });

  test('no page of Gatepost that is routed to the application', async () => {
    const lines = ({ upstream }: Site) => [
      `<Location />\nProxyPass http://127.0.0.1:${upstream}/ nocanon\n</Location>`,
    ];
    const { get, seen } = await startChanged(binary!, { lines });
    for (const page of ['start', 'callback?code=x', 'ping']) {
      expect((await get(`/outpost.goauthentik.io/${page}`)).status).toBe(404);
    }
    expect(seen).toEqual([]);
  });
});

describe.skipIf(!binary)('another host', () => {
  test('is refused', async () => {
    const { port, stub } = await startChanged(binary!);
    for (const host of ['other.example', 'app.localhost.other.example', '127.0.0.1']) {
      expect([host, (await ask(port, { path: '/open', host })).status]).toEqual([host, 421]);
    }
    expect(stub.asked).toEqual([]);
  });

  test('belongs to the default site of the installation, where that stands first; the site keeps its own', async () => {
    const own = (site: Site) => [`<VirtualHost 127.0.0.1:${site.port}>`, `Redirect 410 /`, '</VirtualHost>'];
    const { port, get, stub, seen } = await startChanged(binary!, { first: own });
    expect((await ask(port, { path: '/open', host: 'other.example' })).status).toBe(410);
    expect([(await get('/open')).status, (await get('/closed')).status]).toEqual([200, 403]);
    expect([stub.asked, seen.length]).toEqual([['/open', '/closed'], 1]);
  });
});

describe.skipIf(!binary)('a refused upload', () => {
  // Attack: the body of a refused request is read as the next request of the connection.
  test('is not read as a request', async () => {
    const { seen, stub, port, host } = await startChanged(binary!);
    const inner = `GET /open/inner HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    const head = ['POST /closed HTTP/1.1', `Host: ${host}`, `Content-Length: ${inner.length}`].join('\r\n');
    const next = `GET /open/next HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    await sendBytes({ port, servername: '', ca: undefined }, `${head}\r\n\r\n${inner}${next}`);
    expect(stub.asked).toEqual(['/closed', '/open/next']);
    expect(seen.map(({ url }) => url)).toEqual(['/open/next']);
  });

  test('is refused before the client sends it, where it waits for a yes', async () => {
    const { port, host } = await startChanged(binary!);
    const head = ['POST /closed HTTP/1.1', `Host: ${host}`, 'Content-Length: 5000000', 'Expect: 100-continue'];
    const answer = await sendBytes({ port, servername: '', ca: undefined }, `${head.join('\r\n')}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 403/);
  });
});
