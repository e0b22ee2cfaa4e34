/** HTTP/2 as a browser's program speaks it, and as nobody should: through no trick of it is a page reached unasked. */
import { expect, test } from 'vitest';
import { sendFields } from '../frames.ts';
import type { TestedSite } from '../site.ts';
import { header } from '../upstream.ts';

type Fields = [string, string][];

/** The fields of a plain GET. `without` and `more` bend it. */
function get(
  site: TestedSite,
  path: string,
  { more = [], without = '' }: { more?: Fields; without?: string } = {},
): Fields {
  const plain: Fields = [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':authority', site.host],
    [':path', path],
  ];
  return [...plain.filter(([name]) => name !== without), ...more];
}

/** What a client must not send (RFC 9113, section 8), each of it with a public address somewhere. */
function malformed(site: TestedSite): Record<string, Fields> {
  const evil = 'evil.example';
  return {
    'two paths': get(site, '/private', { more: [[':path', '/public/x']] }),
    'two paths, the public one first': get(site, '/public/x', { more: [[':path', '/private']] }),
    'no path': get(site, '', { without: ':path' }),
    'an empty path': get(site, ''),
    'a path without a slash': get(site, 'public/../private'),
    'an absolute path': get(site, `https://${site.host}/private`),
    'an absolute path on another host': get(site, `https://${evil}/public/../private`),
    'a path with a space': get(site, '/private /public/x'),
    'a path with a line break': get(site, '/private HTTP/1.1\r\nX-Original-URL: /public/x\r\nx: y'),
    'a path with a NUL': get(site, '/private\0/public/x'),
    'a method with a line break': [[':method', 'GET /public/x HTTP/1.1\r\nx: y'], ...get(site, '/private').slice(1)],
    'a method with a space': [[':method', 'GET /public/x'], ...get(site, '/private').slice(1)],
    'two methods': [...get(site, '/private'), [':method', 'OPTIONS']],
    'no method': get(site, '/private', { without: ':method' }),
    'two authorities': get(site, '/private', { more: [[':authority', evil]] }),
    'a host that is not the authority': get(site, '/private', { more: [['host', evil]] }),
    'a foreign authority with the right host': [
      ...get(site, '/public/x', { without: ':authority' }),
      [':authority', evil],
      ['host', site.host],
    ],
    'an authority with a user': [
      ...get(site, '/private', { without: ':authority' }),
      [':authority', `${site.host}@${evil}`],
    ],
    'an authority with a path': [
      ...get(site, '/private', { without: ':authority' }),
      [':authority', `${site.host}/public/x?`],
    ],
    'an authority of two hosts': [
      ...get(site, '/public/x', { without: ':authority' }),
      [':authority', `${evil},${site.host}`],
    ],
    'no authority and no host': get(site, '/private', { without: ':authority' }),
    'a scheme that is none': [...get(site, '/private', { without: ':scheme' }), [':scheme', 'https://x/public/x?']],
    'a pseudo-header after the others': [['x', 'y'], ...get(site, '/private')],
    'an unknown pseudo-header': get(site, '/private', { more: [[':original-url', '/public/x']] }),
    'a name in capitals': get(site, '/private', { more: [['X-Original-URL', '/public/x']] }),
    'a name with a line break': get(site, '/private', { more: [['x: y\r\nx-original-url', '/public/x']] }),
    'a value with a line break': get(site, '/private', { more: [['x', 'y\r\nX-Original-URL: /public/x']] }),
    'a name with a colon': get(site, '/private', { more: [['x-forwarded-uri: /public/x\r\nx', 'y']] }),
    'a Connection header': get(site, '/private', { more: [['connection', 'x-forwarded-uri, cookie']] }),
    'a chunked body': get(site, '/private', { more: [['transfer-encoding', 'chunked']] }),
    'an upgrade': get(site, '/private', {
      more: [
        ['upgrade', 'h2c'],
        ['http2-settings', 'AAMAAABkAARAAAAAAAIAAAAA'],
      ],
    }),
    CONNECT: [
      [':method', 'CONNECT'],
      [':authority', site.host],
    ],
    'CONNECT with a path': [[':method', 'CONNECT'], ...get(site, '/public/x').slice(1)],
    'CONNECT for a protocol that is none': [
      [':method', 'CONNECT'],
      [':protocol', 'x'],
      ...get(site, '/private').slice(1),
    ],
    'OPTIONS of no path': [[':method', 'OPTIONS'], ...get(site, '*').slice(1)],
  };
}

export function h2Cases(site: () => TestedSite): void {
  const target = () => ({ port: site().port, ca: site().tls!.ca, servername: site().host.replace(/:\d+$/, '') });

  test('a program sees a 401, a page visit the login, and with a session the page', async () => {
    const { origin } = site();
    const visit = await site().ask({ path: '/private?a=b', headers: [['accept', 'text/html']] });
    expect(visit.status).toBe(302);
    const start = `${origin}/outpost.goauthentik.io/start?rd=${encodeURIComponent(`${origin}/private?a=b`)}`;
    expect(visit.headers.location).toBe(start);
    const fetched = await site().ask({ path: '/private', headers: [['sec-fetch-mode', 'cors']] });
    expect(fetched.status).toBe(401);
    const { cookie } = await site().signIn();
    const { seen } = await site().ask({ path: '/private?a=b', headers: [cookie] });
    expect(seen).toMatchObject({ method: 'GET', url: '/private?a=b' });
    expect(header(seen!, 'X-authentik-username')).toBe('alice');
    expect(header(seen!, 'X-Forwarded-Proto')).toBe('https');
    expect(header(seen!, 'Host')).toBe(site().host);
  });

  test('a cookie that comes in pieces is whole', async () => {
    const { cookie } = await site().signIn();
    const pieces: Fields = [
      ['cookie', 'a=b'],
      ['cookie', cookie[1]],
      ['cookie', 'c=d'],
    ];
    const { seen } = await site().ask({ path: '/whoami', headers: pieces });
    expect(header(seen!, 'X-authentik-username')).toBe('alice');
  });

  test('frames written by hand get through where there is nothing wrong with them', async () => {
    const { cookie } = await site().signIn();
    const fields = get(site(), '/whoami', {
      more: [
        ['cookie', cookie[1]],
        ['x_under', 'score'],
      ],
    });
    const seen = await site().watch(async () => {
      expect(await sendFields(target(), fields)).toMatchObject({ end: 'answered' });
    });
    expect(seen).toMatchObject([{ method: 'GET', url: '/whoami' }]);
  });

  test('malformed requests reach nobody', async () => {
    // At once: a proxy that ends a connection may take a second for it.
    const seen = await site().watch(() =>
      Promise.all(
        Object.entries(malformed(site())).map(([name, fields]) =>
          sendFields(target(), [...fields, ['x-case', name]], { patience: 3_000 }),
        ),
      ),
    );
    expect(seen.map((one) => header(one, 'x-case') ?? one)).toEqual([]);
  });
}
