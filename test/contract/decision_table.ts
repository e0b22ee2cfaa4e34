/**
 * The table of decisions: a request, who sends it, and what comes of it. The server and `gatepost explain` are held
 * against it, in the words of each proxy.
 */
import { basic, cookieName, type DialectName, navigation, OUTPOST, type Pairs } from './setup.ts';

export type Person = 'alice' | 'bob';

/**
 * `login`: to the login page; `unauthenticated`: 401 without a way there; `challenge`: 401 with both challenges;
 * `anonymous`: 200 without identity; `identified`: 200 with that of the person.
 */
export type Outcome = 'login' | 'unauthenticated' | 'challenge' | 'anonymous' | 'identified' | 'forbidden' | 'denied';

export interface Case {
  name: string;
  url: string;
  method?: string;
  /** Whose session is in the request, beside `headers`. */
  as?: Person | undefined;
  /** @param session the value of a live session cookie of alice */
  headers?: Pairs | ((session: string) => Pairs);
  /** Where `headers` hold alice's session themselves. */
  holds?: 'alice';
  outcome: Outcome;
  /** By default that of the outcome. */
  reason?: string;
  /** Lines of the configuration's top level, where they are others than `TOP`. */
  top?: string;
  /** All of them, unless some are named. */
  dialects?: readonly DialectName[];
}

export const TOP = 'nginx_method_header: X-Original-Method';
/** Proxies that the operator has listed: the default list holds clients too. */
const NARROW = `${TOP}\ntrusted_proxies: [127.0.0.0/8]`;

export const app = 'https://app.example.com';
const forwarded = (...addresses: string[]): Pairs => addresses.map((one) => ['X-Forwarded-For', one]);

const row = (path: string, outcome: Outcome, more: Partial<Case> = {}): Case => {
  const url = path.includes('://') ? path : app + path;
  const words = [more.method, url, more.as && `as ${more.as}`, more.name].filter(Boolean);
  return { url, outcome, ...more, name: words.join(' ') };
};

export const ownEndpoints: Case[] = ['start', 'callback', 'sign_out', 'session', 'ping'].flatMap((name) =>
  ['', '?rd=x', '?X-authentik-auth-callback=true&code=1'].map((query) =>
    row(`${OUTPOST}/${name}${query}`, 'anonymous', { as: 'alice' }),
  ),
);

export const likeEndpoints: Case[] = [
  ...[
    '/start/',
    '/start/../x',
    '/starts',
    '/Start',
    '/%73tart',
    '/start%2f',
    '/start;',
    '/start%00',
    '//start',
    '/./start',
    '/backchannel_logout',
    '/',
    '',
    '/callback/x',
    '/sign_out%20',
  ].map((path) => row(OUTPOST + path, 'login')),
  row(`/x${OUTPOST}/start`, 'login'),
  row(`/?${OUTPOST}/start`, 'login'),
  row(`${OUTPOST}/auth/nginx`, 'denied', { as: 'alice' }),
];

const name = cookieName('grafana');
const changed = (value: string) => `${value.slice(0, -1)}${value.endsWith('A') ? 'B' : 'A'}`;
const stale = `${name}=${'A'.repeat(43)}`;

export const noSessions: Case[] = (
  [
    ['a value that was never given', () => stale],
    ['one character changed', (value) => `${name}=${changed(value)}`],
    ['one character more', (value) => `${name}=${value}A`],
    ['one character less', (value) => `${name}=${value.slice(0, -1)}`],
    ['empty', () => `${name}=`],
    ['the name in capitals', (value) => `${name.toUpperCase()}=${value}`],
    ['the name of another application', (value) => `${cookieName('plain')}=${value}`],
    ['the name with something before it', (value) => `x${name}=${value}`],
    ['the name with something after it', (value) => `${name}x=${value}`],
    ['the cookie inside another one', (value) => `x=${name}=${value}`],
    ['the cookie inside quotes of another one', (value) => `x="; ${name}x=${value}"`],
    // Attack: cookies that a neighbour host can plant for the whole domain (RFC 6265bis section 4.1.3.2).
    ['the name without its prefix', (value) => `${name.slice('__Host-'.length)}=${value}`],
    ['the prefix in other letter case', (value) => `${name.replace('__Host-', '__host-')}=${value}`],
    ['another prefix', (value) => `${name.replace('__Host-', '__Secure-')}=${value}`],
    ['the cookie behind a space in another one', (value) => `x=1 ${name}=${value}`],
    ['the cookie behind a tab in another one', (value) => `x=1\t${name}=${value}`],
    ['the cookie as the value of one without a name', (value) => `=${name}=${value}`],
    ['in quotes', (value) => `${name}="${value}"`],
    ['behind four others of the name', (value) => `${`${stale}; `.repeat(4)}${name}=${value}`],
    ['percent-encoded', (value) => `${name}=%${value.charCodeAt(0).toString(16)}${value.slice(1)}`],
    ['bytes above ASCII', () => `${name}=\xff\xfe\xc3\xa9`],
    ['very long', () => `${name}=${'x'.repeat(30_000)}`],
    ['a path', () => `${name}=../../../etc/passwd`],
    ['its hash', () => `${name}=${name.slice(-8)}`],
    ['JSON', () => `${name}={"user":"alice"}`],
  ] as [string, (value: string) => string][]
).map(([what, cookie]) =>
  row('/page', 'login', {
    name: what,
    headers: (value) => [['Cookie', cookie(value)], ...navigation],
    reason: 'no_credentials|session_expired',
  }),
);

export const sessions: Case[] = (
  [
    ['among others', (value) => [['Cookie', `a=b; ${name}=${value}; c=d`]]],
    ['without spaces', (value) => [['Cookie', `a=b;${name}=${value};c=d`]]],
    ['after broken ones', (value) => [['Cookie', `;; =; x; \xff=\xfe; ${name}=${value}`]]],
    [
      'in a second Cookie line',
      (value) => [
        ['Cookie', 'a=b'],
        ['Cookie', `${name}=${value}`],
      ],
    ],
    ['with a stale one of the same name before it', (value) => [['Cookie', `${stale}; ${name}=${value}`]]],
    ['with a stale one of the same name after it', (value) => [['Cookie', `${name}=${value}; ${stale}`]]],
    ['with the same one twice', (value) => [['Cookie', `${name}=${value}; ${name}=${value}`]]],
  ] as [string, (value: string) => Pairs][]
).map(([what, headers]) => row('/page', 'identified', { name: what, headers, holds: 'alice' }));

export const rules: Case[] = [
  row('/denied/x', 'denied'),
  row('/denied/x', 'denied', { as: 'alice' }),
  row('/denied/x', 'denied', { headers: [['Accept', 'application/json']], name: 'asks for JSON' }),
  row('/healthz', 'anonymous'),
  row('/healthz', 'anonymous', { as: 'alice' }),
  row('/optional', 'anonymous'),
  row('/optional', 'anonymous', { headers: [['Cookie', stale]], name: 'with a stale cookie' }),
  row('/optional', 'identified', { as: 'alice' }),
  row('/admin', 'identified', { as: 'alice' }),
  row('/admin', 'forbidden', { as: 'bob', headers: navigation }),
  row('/admin', 'login'),
  row('/for-bob', 'forbidden', { as: 'alice' }),
  row('/for-bob', 'identified', { as: 'bob' }),
  row('/mail', 'identified', { as: 'bob' }),
  row('/anything', 'identified', { as: 'bob' }),
  row('/read', 'anonymous'),
  row('/read', 'unauthenticated', { method: 'POST' }),
  row('/maybe', 'identified', { as: 'bob' }),
  row('/write', 'forbidden', { method: 'POST', as: 'alice' }),
  row('/write', 'identified', { method: 'POST', as: 'bob' }),
  row('/write', 'identified', { method: 'PUT', as: 'alice' }),
  row('/strict', 'denied', { method: 'DELETE', as: 'alice' }),
  row('/strict', 'identified', { as: 'alice' }),
  // skip_path_regex comes first: the path for forward_single, the URL without query for forward_domain.
  ...['/open/x', '/open/x?y=/closed', '/any'].map((path) => row(`https://skip.example.com${path}`, 'anonymous')),
  ...['/anyx', '/OPEN/x', '/x?/open/', '/x?u=https://skip.example.com/open/'].map((path) =>
    row(`https://skip.example.com${path}`, 'login'),
  ),
  row('https://two.example.net/open', 'anonymous'),
  row('https://TWO.example.net/open?x', 'anonymous'),
  row('https://three.example.net/open', 'login'),
  row('https://three.example.net/x?https://two.example.net/open', 'login'),
];

export const ruleCriteria: Case[] = [
  row('https://wiki.hosts.example/', 'identified', { as: 'bob' }),
  ...['admin.hosts.example', 'ADMIN.hosts.example.', 'admin.hosts.example:8443', 'admin.hosts.example:443'].flatMap(
    (host) => [
      row(`https://${host}/`, 'forbidden', { as: 'bob' }),
      row(`https://${host}/`, 'identified', { as: 'alice' }),
    ],
  ),
  row('https://x.secret.hosts.example/', 'denied', { as: 'alice' }),
  row('https://x.y.secret.hosts.example/', 'identified', { as: 'alice' }),
  row('https://pub.hosts.example/', 'anonymous'),
  row('https://Pub.hosts.example./', 'anonymous'),
  row('https://pub.hosts.example:8443/', 'login'),
  row('https://xpub.hosts.example/', 'login'),
  row('https://claims.example.com/sales', 'identified', { as: 'alice' }),
  row('https://claims.example.com/sales', 'forbidden', { as: 'bob' }),
  row('https://claims.example.com/sales', 'login'),
  row('https://claims.example.com/realm', 'identified', { as: 'alice' }),
  row('https://claims.example.com/realm', 'forbidden', { as: 'bob' }),
  row('https://claims.example.com/staff', 'identified', { as: 'bob' }),
  row('https://claims.example.com/verified', 'identified', { as: 'bob' }),
  row('https://claims.example.com/both', 'forbidden', { as: 'alice' }),
  row('https://claims.example.com/both', 'forbidden', { as: 'bob' }),
];

export const networks: Case[] = [
  row('/lan', 'login', { headers: forwarded('203.0.113.9'), name: 'a stranger' }),
  row('/lan', 'anonymous', { headers: forwarded('192.168.1.5, 10.1.2.3'), name: 'the last address' }),
  row('/lan', 'anonymous', { headers: forwarded('10.1.2.3:51234'), name: 'with a port' }),
  row('/lan', 'login', { headers: forwarded('10.1.2.3:x'), name: 'with no port' }),
  // Attack: a client of a private network is no proxy by the default list.
  row('/lan', 'login', { headers: forwarded('10.1.2.3, 192.168.1.5'), name: 'before a private address' }),
  ...(
    [
      ['a client', ['10.1.2.3'], 'anonymous'],
      ['before a listed proxy', ['10.1.2.3, 127.0.0.5'], 'anonymous'],
      ['before a stranger', ['10.1.2.3, 203.0.113.9'], 'login'],
      ['in the second line', ['203.0.113.9', '10.1.2.3'], 'anonymous'],
      ['in the first line', ['10.1.2.3', '203.0.113.9'], 'login'],
      ['nowhere', [], 'login'],
      ['nonsense', ['nonsense'], 'login'],
      ['before nonsense', ['10.1.2.3, nonsense'], 'login'],
    ] as [string, string[], Outcome][]
  ).map(([what, addresses, outcome]) =>
    row('/lan', outcome, { headers: forwarded(...addresses), name: what, top: NARROW }),
  ),
  row('/lan', 'login', { headers: [['X-Real-IP', '10.1.2.3']], name: 'X-Real-IP', top: NARROW }),
  row('/no-lan', 'denied', { name: 'an unknown client', top: NARROW }),
  row('/no-lan', 'login', { headers: forwarded('203.0.113.9'), name: 'a stranger', top: NARROW }),
  row('/no-lan', 'denied', { headers: forwarded('10.1.2.3'), name: 'a client', top: NARROW }),
];

/** Each matches no public rule: it is public as it stands, and elsewhere to some program. */
export const tricks = [
  '/public/..%2fadmin',
  '/public/%2e%2e/admin',
  '/public/../admin',
  '/public/.%2e/admin',
  '//public/x',
  '/public\\..\\admin',
  '/public/%5c..%5cadmin',
  '/public;/x',
  '/public/%ef%b8%b0/admin',
  '/public/.%ff./admin',
  '/public/%ef%bc%852e%ef%bc%852e/admin',
  '/public/%00',
  '/public/x%00.png',
  '/public/..',
  '/public/%2e',
  '/public/..;/admin',
  '/public/%252e%252e/%2561dmin/../x',
  '/healthz/..',
  '/./healthz',
  '//healthz',
  '/healthz#',
];

export const ambiguousPaths: Case[] = [
  ...tricks.map((path) => row(path, 'login', { headers: navigation })),
  ...[
    '/Public/x',
    '/PUBLIC/',
    '/public',
    '/%70ublic',
    '/x/public/',
    '/?/public/',
    '/x?y=/public/',
    '/HEALTHZ',
    '/healthz/',
    '/healthzz',
  ].map((path) => row(path, 'login')),
  ...[
    '/public/',
    '/public/a/b.c',
    '/public/%20x',
    '/public/caf%C3%A9',
    '/public/a..b',
    // Public in every reading.
    '/public/./x',
    '/public//x',
    '/public/x//y',
    '/public/x;y',
    '/public/x%3By=1',
    '/public/team%2Fa.png',
    '/public/a%2Fb%2Fc?x=%2F',
    '/public/x#y',
    '/public/M%FCnchen.pdf',
  ].map((path) => row(path, 'anonymous')),
  row('/public/x?..%2f=/../;#', 'anonymous', { dialects: ['traefik', 'caddy', 'envoy'] }),
  ...[
    '/x/..%2fdenied',
    '/x/../denied',
    '/%64enied',
    '//denied',
    '/./denied',
    '/x/%2e%2e/denied',
    '/%2fdenied',
    '/x//..//..//denied',
    '/%2e/%64enied',
    '/x\\..\\denied',
    '/d%65nied/x;y',
  ].map((path) => row(path, 'denied', { as: 'alice' })),
  ...['/x/..%2fadmin', '/x/../admin', '/%61dmin', '//admin', '/x/%2e%2e%2fadmin', '/healthz/../admin'].flatMap(
    (path) => [row(path, 'forbidden', { as: 'bob' }), row(path, 'identified', { as: 'alice' })],
  ),
  ...['skip.example.com', 'two.example.net'].flatMap((host) => [
    ...['/open/..%2fx', '/open/../x', '/open/..;/x', '/open/%00'].map((path) => row(`https://${host}${path}`, 'login')),
    ...['/open//x', '/open/x;y', '/open/a%2Fb'].map((path) => row(`https://${host}${path}`, 'anonymous')),
  ]),
];

const origin: [string, string] = ['Origin', 'https://client.example'];
const wanted: [string, string] = ['Access-Control-Request-Method', 'PUT'];
const preflight = (
  outcome: Outcome,
  headers: Pairs,
  method = 'OPTIONS',
  host = 'preflight.example.com',
  path = '/api',
) => row(`https://${host}${path}`, outcome, { method, headers, name: headers.map(([one]) => one).join(' and ') });

export const preflights: Case[] = [
  preflight('anonymous', [origin, wanted]),
  preflight('unauthenticated', [origin]),
  preflight('unauthenticated', [wanted]),
  preflight('login', [origin, wanted], 'GET'),
  preflight('unauthenticated', [origin, wanted], 'POST'),
  preflight('unauthenticated', [origin, wanted], 'OPTIONS', 'app.example.com'),
  preflight('denied', [origin, wanted], 'OPTIONS', 'preflight.example.com', '/denied'),
];

/** Requests of nobody: what makes a page visit. */
export const visits: Case[] = (
  [
    ['Accept absent', [], 'GET', true],
    ['Accept absent, HEAD', [], 'HEAD', true],
    ['text/html', [['Accept', 'text/html']], 'GET', true],
    ['anything', [['Accept', '*/*']], 'GET', true],
    ['text/*', [['Accept', 'text/*;q=0.5']], 'GET', false],
    ['xhtml', [['Accept', 'application/xhtml+xml,*/*;q=0.8']], 'GET', true],
    ['an image', [['Accept', 'image/avif,image/webp,*/*;q=0.8']], 'GET', false],
    ['a style sheet', [['Accept', 'text/css,*/*;q=0.1']], 'GET', false],
    ['a program', [['Accept', 'application/json, text/plain, */*']], 'GET', false],
    ['TEXT/HTML', [['Accept', 'TEXT/HTML']], 'GET', true],
    [
      'two Accept lines',
      [
        ['Accept', 'application/json'],
        ['Accept', 'text/html'],
      ],
      'GET',
      true,
    ],
    ['JSON only', [['Accept', 'application/json']], 'GET', false],
    ['images only', [['Accept', 'image/avif,image/webp']], 'GET', false],
    ['HTML refused', [['Accept', 'text/html;q=0, application/json']], 'GET', false],
    ['HTML refused among anything', [['Accept', 'text/html;q=0, */*']], 'GET', false],
    ['text/html2', [['Accept', 'text/html2']], 'GET', false],
    [
      'XMLHttpRequest',
      [
        ['Accept', 'text/html'],
        ['X-Requested-With', 'XMLHttpRequest'],
      ],
      'GET',
      false,
    ],
    [
      'a WebSocket',
      [
        ['Accept', 'text/html'],
        ['Upgrade', 'websocket'],
      ],
      'GET',
      false,
    ],
    ['a WebSocket in capitals', [['Upgrade', 'WebSocket']], 'GET', false],
    ['a POST', [['Accept', 'text/html']], 'POST', false],
    ['a PROPFIND', [], 'PROPFIND', false],
    ['navigate', [['Sec-Fetch-Mode', 'navigate']], 'GET', true],
    [
      'navigate with a POST',
      [
        ['Sec-Fetch-Mode', 'navigate'],
        ['Accept', 'text/html'],
      ],
      'POST',
      true,
    ],
    [
      'navigate, whatever Accept says',
      [
        ['Sec-Fetch-Mode', 'navigate'],
        ['Accept', 'application/json'],
      ],
      'GET',
      true,
    ],
    [
      'cors',
      [
        ['Sec-Fetch-Mode', 'cors'],
        ['Accept', 'text/html'],
      ],
      'GET',
      false,
    ],
    [
      'no-cors',
      [
        ['Sec-Fetch-Mode', 'no-cors'],
        ['Accept', '*/*'],
      ],
      'GET',
      false,
    ],
    [
      'same-origin',
      [
        ['Sec-Fetch-Mode', 'same-origin'],
        ['Accept', 'text/html'],
      ],
      'GET',
      false,
    ],
    ['websocket', [['Sec-Fetch-Mode', 'websocket']], 'GET', false],
  ] as [string, Pairs, string, boolean][]
).map(([what, headers, method, isVisit]) =>
  row('/page?a=1&b', isVisit ? 'login' : 'unauthenticated', { name: what, headers, method }),
);

const refused = { reason: 'credentials_refused' };
export const credentials: Case[] = [
  row('/page', 'challenge', { headers: [['X-Authentik-No-Redirect', '0'], ...navigation], name: 'no-redirect' }),
  row('/page?a=1&X-AuthentiK-no-Redirect', 'challenge', { headers: navigation }),
  row('/page', 'login', { headers: [basic('nobody', 'wrong'), ...navigation], name: 'a wrong password', ...refused }),
  row('https://intercept.example.com/', 'challenge', {
    headers: [basic('nobody', 'wrong'), ...navigation],
    name: 'a wrong password',
    ...refused,
  }),
  row('https://intercept.example.com/', 'login', { headers: navigation }),
  row('https://intercept.example.com/', 'login', {
    headers: [['Authorization', 'Digest username="x"'], ...navigation],
    name: 'another scheme',
  }),
  row('https://off.example.com/', 'login', {
    headers: [basic('nobody', 'wrong')],
    name: 'a password for the application',
  }),
];

export const groups: [name: string, cases: Case[]][] = [
  ['the browser endpoints pass without identity', ownEndpoints],
  ['nothing that looks like a browser endpoint passes', likeEndpoints],
  ['not a session', noSessions],
  ['a session', sessions],
  ['the first rule that matches', rules],
  ['rules by host, claim, group pattern and verified address', ruleCriteria],
  ['rules by network', networks],
  ['paths that can be read in several ways', ambiguousPaths],
  ['the preflight', preflights],
  ['what makes a page visit', visits],
  ['challenges and refused credentials', credentials],
];
