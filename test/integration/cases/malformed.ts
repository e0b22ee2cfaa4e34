/** HTTP/2 requests that a client must not send (RFC 9113, section 8), each with a trap for a proxy that misreads it. */
import type { TestedSite } from '../site.ts';

export type Fields = [string, string][];

const evil = 'evil.example';
const lure = '/public/x';
export const forger = 'evil-forger';

/** The fields of a plain GET with some pseudo-headers changed (`''`: empty, `undefined`: missing), and more fields after them. */
export function get(
  site: TestedSite,
  path: string,
  more: Fields = [],
  changed: Record<string, string | undefined> = {},
) {
  const plain = { ':method': 'GET', ':scheme': 'https', ':authority': site.host, ':path': path, ...changed };
  return [
    ...Object.entries(plain).filter((pair): pair is [string, string] => pair[1] !== undefined),
    ...more,
  ] as Fields;
}

/** The path is another one than it seems; without a session none of them may pass. */
export const paths = (site: TestedSite): Record<string, Fields> => ({
  'two paths': get(site, '/private', [[':path', lure]]),
  'two paths, the public one first': get(site, lure, [[':path', '/private']]),
  'no path': get(site, '', [], { ':path': undefined }),
  'an empty path': get(site, ''),
  'a path without a slash': get(site, 'public/../private'),
  'an absolute path': get(site, `https://${site.host}/private`),
  'an absolute path on another host': get(site, `https://${evil}/public/../private`),
  'a path with a space': get(site, `/private ${lure}`),
  'a path with a line break': get(site, `/private HTTP/1.1\r\nX-Original-URL: ${lure}\r\nx: y`),
  'a path with a NUL': get(site, `/private\0${lure}`),
  'an unknown pseudo-header': get(site, '/private', [[':original-url', lure]]),
  'a pseudo-header after the others': [['x', 'y'], ...get(site, '/private')],
  'a name in capitals': get(site, '/private', [['X-Original-URL', lure]]),
  'a name with a line break': get(site, '/private', [['x: y\r\nx-original-url', lure]]),
  'a value with a line break': get(site, '/private', [['x', `y\r\nX-Original-URL: ${lure}`]]),
  'a Connection header': get(site, '/private', [['connection', 'x-forwarded-uri, cookie']]),
  'an upgrade': get(site, '/private', [
    ['upgrade', 'h2c'],
    ['http2-settings', 'AAMAAABkAARAAAAAAAIAAAAA'],
  ]),
});

/** The method, scheme or host is none, or is two. */
export const wheres = (site: TestedSite): Record<string, Fields> => ({
  'a method with a line break': get(site, '/private', [], { ':method': `GET ${lure} HTTP/1.1\r\nx: y` }),
  'a method with a space': get(site, '/private', [], { ':method': `GET ${lure}` }),
  'two methods': get(site, '/private', [[':method', 'OPTIONS']]),
  'no method': get(site, '/private', [], { ':method': undefined }),
  CONNECT: get(site, '', [], { ':method': 'CONNECT', ':path': undefined, ':scheme': undefined }),
  'CONNECT with a path': get(site, lure, [], { ':method': 'CONNECT' }),
  'CONNECT for a protocol that is none': get(site, '/private', [], { ':method': 'CONNECT', ':protocol': 'x' }),
  'OPTIONS of no path': get(site, '*', [], { ':method': 'OPTIONS' }),
  'a scheme that is none': get(site, '/private', [], { ':scheme': `https://x${lure}?` }),
  'two authorities': get(site, '/private', [[':authority', evil]]),
  'a host that is not the authority': get(site, '/private', [['host', evil]]),
  'a foreign authority with the right host': get(site, lure, [['host', site.host]], { ':authority': evil }),
  'an authority with a user': get(site, '/private', [], { ':authority': `${site.host}@${evil}` }),
  'an authority with a path': get(site, '/private', [], { ':authority': `${site.host}${lure}?` }),
  'an authority of two hosts': get(site, lure, [], { ':authority': `${evil},${site.host}` }),
  'no authority and no host': get(site, '/private', [], { ':authority': undefined }),
});

const second = `GET /private HTTP/1.1\r\nHost: x\r\nX-authentik-username: ${forger}\r\n\r\n`;

/**
 * A public page with a forged identity, or a second request, for the application to find once the proxy has written it
 * as HTTP/1.1 (request smuggling by downgrade).
 */
export const smuggled = (site: TestedSite): Record<string, { fields: Fields; body?: string }> => ({
  'in a value': { fields: get(site, lure, [['x', `y\r\nX-authentik-username: ${forger}`]]) },
  'in a value, by a line feed': { fields: get(site, lure, [['x', `y\nX-authentik-username: ${forger}`]]) },
  'in a value, whole': { fields: get(site, lure, [['x', `y\r\n\r\n${second}`]]) },
  'in a name': { fields: get(site, lure, [[`x: y\r\nx-authentik-username: ${forger}\r\nz`, 'z']]) },
  'in a name with a colon': { fields: get(site, lure, [['x-authentik-username:x', forger]]) },
  'in a name with a space': { fields: get(site, lure, [['x-authentik-username ', forger]]) },
  'in the path': { fields: get(site, `${lure} HTTP/1.1\r\nX-authentik-username: ${forger}\r\nx: y`) },
  'in the authority': {
    fields: get(site, lure, [], { ':authority': `${site.host}\r\nX-authentik-username: ${forger}` }),
  },
  'in the method': {
    fields: get(site, lure, [], { ':method': `GET /private HTTP/1.1\r\nx-authentik-username: ${forger}\r\n` }),
  },
  'behind a length of 0': { fields: get(site, lure, [['content-length', '0']], { ':method': 'POST' }), body: second },
  'behind two lengths': {
    fields: get(
      site,
      lure,
      [
        ['content-length', '0'],
        ['content-length', String(second.length)],
      ],
      { ':method': 'POST' },
    ),
    body: second,
  },
  'behind a last chunk': {
    fields: get(site, lure, [['transfer-encoding', 'chunked']], { ':method': 'POST' }),
    body: `0\r\n\r\n${second}`,
  },
});
