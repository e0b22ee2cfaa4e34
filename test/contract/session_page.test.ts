/** The visitor's own page: what it shows, to whom, and what its buttons end. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ask,
  basic,
  type Contract,
  createVisitor,
  dialects,
  from,
  hostOf,
  navigation,
  OUTPOST,
  type Pairs,
  type Reply,
  send,
  signedIn,
  startContract,
} from './setup.ts';

const PAGE = `${OUTPOST}/session`;
const app = hostOf('grafana');
let site: Contract;
let port: number;
beforeAll(async () => {
  site = await startContract();
  port = site.port;
});
afterAll(() => site.close());

type Cookie = [string, string];

const at = (slug: string): Pairs => {
  const { host, protocol } = new URL(hostOf(slug));
  return [
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Proto', protocol.slice(0, -1)],
  ];
};
const visit = (cookie?: Cookie, more: Pairs = [], slug = 'grafana') =>
  send(port, PAGE, [...at(slug), ...navigation, ...(cookie ? [cookie] : []), ...more]);
/** What a browser says of the press of a button on this page. */
const button: Pairs = [
  ['Sec-Fetch-Site', 'same-origin'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Dest', 'document'],
];
const press = (cookie: Cookie, query: string, headers = button, slug = 'grafana') =>
  send(port, `${PAGE}?${query}`, [...at(slug), cookie, ...headers], 'POST');
const idsOn = ({ body }: Reply) => [...body.matchAll(/\?end=([0-9a-f]{16})"/g)].map(([, id]) => id!);
const isOpen = async (cookie: Cookie, slug = 'grafana') =>
  (await ask(port, 'traefik', `${hostOf(slug)}/page`, [cookie, ...navigation])).status === 200;
/** What changes from request to request. */
const withoutRequest = ({ body }: Reply) => body.replace(/Request: [\w-]+/, '');

describe('the page', () => {
  test('shows the name, e-mail, groups and times of its visitor, as a page that nobody else keeps, frames or opens', async () => {
    const page = await visit(await signedIn(site, 'grafana'));
    expect(page.status).toBe(200);
    for (const text of ['Łukasz 山田', 'alice', 'alice@example.com', 'admins', 'Nothing has been refused', ' UTC'])
      expect(Buffer.from(page.body, 'latin1').toString()).toContain(text);
    expect(page.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.get('cache-control')).toBe('no-store');
    expect(page.get('cross-origin-opener-policy')).toBe('same-origin');
    const policy = page.get('content-security-policy')!;
    expect(policy).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/);
    expect(policy).not.toMatch(/script|unsafe/);
    expect(page.all('set-cookie')).toEqual([]);
    expect(page.body).toContain(`<form method="post" action="${OUTPOST}/sign_out">`);
  });

  test('speaks German', async () => {
    const page = await visit(await signedIn(site, 'grafana'), [['Accept-Language', 'de']]);
    expect(Buffer.from(page.body, 'latin1').toString()).toMatch(
      /<html lang="de">[\s\S]*Ihre Sitzung[\s\S]*Längstens bis/,
    );
  });

  test('holds no token, no cookie, and no session of anybody else', async () => {
    const [mine, other] = [await signedIn(site, 'grafana'), await signedIn(site, 'exact')];
    const bobs = await signedIn(site, 'grafana', 'bob');
    const token = (await ask(port, 'traefik', `${app}/`, [mine])).get('x-authentik-jwt')!;
    const page = await visit(mine);
    const values = [mine, other, bobs].map(([, cookie]) => cookie.slice(cookie.indexOf('=') + 1));
    for (const secret of [...values, token, token.split('.')[2]!, 'bob']) expect(page.body).not.toContain(secret);
    for (const id of idsOn(page)) expect(await isOpen(['Cookie', `${mine[1].split('=')[0]}=${id}`])).toBe(false);
  });

  test('answers HEAD without a body, and no other method', async () => {
    const cookie = await signedIn(site, 'grafana');
    const head = await send(port, PAGE, [...at('grafana'), cookie], 'HEAD');
    expect([head.status, head.body]).toEqual([200, '']);
    for (const method of ['PUT', 'DELETE', 'OPTIONS']) {
      const answer = await send(port, PAGE, [...at('grafana'), cookie], method);
      expect([answer.status, answer.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
    }
    for (const path of [`${PAGE}/`, `${PAGE}s`, `${OUTPOST}/Session`])
      expect((await send(port, path, [...at('grafana'), cookie])).status).toBe(404);
    expect((await send(port, PAGE, [['X-Forwarded-Host', 'unknown.example.com'], cookie])).status).toBe(404);
  });
});

describe('a visitor who is not signed in', () => {
  test('goes to the login, and comes back to the page', async () => {
    const first = await visit();
    expect([first.status, first.get('location')]).toEqual([
      302,
      `${app}${OUTPOST}/start?rd=${encodeURIComponent(`${app}${PAGE}`)}`,
    ]);
    expect(first.body).not.toMatch(/alice|bob/);
    const visitor = createVisitor(site, port);
    expect((await visitor.signIn(`${app}${PAGE}`)).location).toBe(`${app}${PAGE}`);
    expect((await visit(['Cookie', visitor.cookie('grafana')])).status).toBe(200);
  });

  test('comes back to the host of the domain that was asked for, without what a query would do there', async () => {
    const host = 'two.example.org';
    const first = await send(port, `${PAGE}?end=others`, [['X-Forwarded-Host', host], ...navigation]);
    const login = `${hostOf('domain')}${OUTPOST}/start?rd=${encodeURIComponent(`https://${host}${PAGE}`)}`;
    expect(first.get('location')).toBe(login);
    const visitor = createVisitor(site, port);
    const marked = `https://${host}${PAGE}?X-authentik-logout=true`;
    const start = await visitor.open(`${hostOf('domain')}${OUTPOST}/start?rd=${encodeURIComponent(marked)}`);
    const back = await visitor.follow(`${start.location}&login_hint=alice`, (url) => url.pathname === PAGE);
    expect(back.location).toBe(`https://${host}${PAGE}`);
  });

  test('is stopped by the page of a loop where the cookie never comes back', async () => {
    const visitor = createVisitor(site, port);
    for (let rounds = 0; rounds < 3; rounds += 1) {
      expect((await visit()).status).toBe(302);
      await visitor.signIn(`${app}${PAGE}`);
    }
    const start = (await visit()).get('location')!;
    const stopped = await visitor.open(start);
    expect([stopped.status, stopped.headers.get('x-gatepost-reason')]).toEqual([400, 'login_loop']);
  });

  test('as a program gets a 401 that says where the login is', async () => {
    const answer = await send(port, PAGE, [...at('grafana'), ['Accept', 'application/json']]);
    expect([answer.status, answer.get('x-gatepost-reason')]).toEqual([401, 'no_credentials']);
    expect(JSON.parse(answer.body)).toMatchObject({
      error: 'no_credentials',
      login_url: expect.stringContaining('/start?rd='),
    });
    const dead: Cookie = ['Cookie', `__Host-authentik_proxy_00000000=${'A'.repeat(43)}`];
    const name = (await signedIn(site, 'grafana'))[1].split('=')[0];
    dead[1] = `${name}=${'A'.repeat(43)}`;
    const expired = await send(port, PAGE, [...at('grafana'), dead, ['Accept', 'application/json']]);
    expect([expired.status, expired.get('x-gatepost-reason')]).toEqual([401, 'session_expired']);
  });
});

describe('the other sessions', () => {
  test('are listed with application, times, address and device, and each is ended by its button, at once', async () => {
    await ask(port, 'traefik', `${app}/`, [
      basic('carol', 'app-carol'),
      from('198.51.100.7'),
      ['User-Agent', 'restic/0.17.3'],
    ]);
    const start = await signedIn(site, 'grafana', 'bob');
    await press(start, 'end=others');
    const [mine, elsewhere] = [await signedIn(site, 'grafana', 'bob'), await signedIn(site, 'exact', 'bob')];
    const program = await ask(port, 'traefik', `${app}/`, [
      basic('bob', 'app-bob'),
      from('198.51.100.7'),
      ['User-Agent', 'restic/0.17.3'],
    ]);
    expect(program.status).toBe(200);

    const page = await visit(mine);
    for (const text of ['Site exact', 'restic/0.17.3', '198.51.100.7', 'app password of a program', 'Last used'])
      expect(page.body).toContain(text);
    expect(page.body).not.toContain('carol');
    const ids = idsOn(page);
    expect(ids).toHaveLength(3);
    const exact = idsOn(await visit(elsewhere, [], 'exact'));
    const [own] = exact.filter((id) => !ids.includes(id));
    const [others] = ids.filter((id) => !exact.includes(id));
    expect(own).toBeDefined();
    const ended = await press(mine, `end=${others}`);
    expect([ended.status, ended.get('location')]).toEqual([303, `${app}${PAGE}`]);
    expect([await isOpen(mine), await isOpen(elsewhere, 'exact'), await isOpen(start)]).toEqual([true, false, true]);

    expect((await press(mine, 'end=others')).status).toBe(303);
    expect([await isOpen(mine), await isOpen(start)]).toEqual([true, false]);
    expect((await visit(mine)).body).toContain('You have no other session here');
  });

  // Attack: CSRF; a script of the application, whose pages come from the same host.
  test.each([
    [
      'another site',
      [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Sec-Fetch-Dest', 'document'],
      ],
    ],
    [
      'a neighbour host',
      [
        ['Sec-Fetch-Site', 'same-site'],
        ['Sec-Fetch-Dest', 'document'],
      ],
    ],
    [
      'a script',
      [
        ['Sec-Fetch-Site', 'same-origin'],
        ['Sec-Fetch-Dest', 'empty'],
      ],
    ],
    [
      'a frame',
      [
        ['Sec-Fetch-Site', 'same-origin'],
        ['Sec-Fetch-Dest', 'iframe'],
      ],
    ],
    [
      'a prefetch',
      [
        ['Sec-Fetch-Site', 'same-origin'],
        ['Sec-Purpose', 'prefetch'],
      ],
    ],
    ['an older browser on another site', [['Origin', 'https://evil.example']]],
    ['an opaque origin', [['Origin', 'null']]],
    ['who says nothing of it', []],
  ] satisfies [string, Pairs][])('are not ended by %s', async (_, headers) => {
    const [mine, other] = [await signedIn(site, 'grafana'), await signedIn(site, 'exact')];
    const page = await press(mine, 'end=others', headers);
    expect([page.status, page.get('x-gatepost-reason')]).toEqual([403, 'cross_site_request']);
    expect(page.body).toContain('Nothing was ended');
    expect(await isOpen(other, 'exact')).toBe(true);
    expect((await send(port, `${PAGE}?end=others`, [...at('grafana'), mine, ...navigation])).status).toBe(200);
    expect(await isOpen(other, 'exact')).toBe(true);
  });

  test('are ended from an older browser that names its own origin', async () => {
    const [mine, other] = [await signedIn(site, 'grafana'), await signedIn(site, 'exact')];
    expect((await press(mine, 'end=others', [['Origin', app]])).status).toBe(303);
    expect(await isOpen(other, 'exact')).toBe(false);
  });

  // Attack: somebody else's session, by an id that was seen or guessed.
  test('of somebody else are not ended, and nobody learns whether there is one', async () => {
    const [alices, bobs] = [await signedIn(site, 'grafana'), await signedIn(site, 'grafana', 'bob')];
    const another = await signedIn(site, 'exact', 'bob');
    const ids = idsOn(await visit(bobs));
    const answers = [];
    for (const end of [ids[0], '0123456789abcdef', '', "x' or '1'='1", '../..', 'a'.repeat(5000)])
      answers.push(await press(alices, `end=${encodeURIComponent(end ?? '')}`));
    answers.push(await press(alices, ''), await press(alices, `end=${ids[0]}&end=others`));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
    expect(new Set(answers.map(withoutRequest)).size).toBe(1);
    expect([await isOpen(bobs), await isOpen(another, 'exact')]).toEqual([true, true]);
  });

  test('and the token of one that was ended opens nothing', async () => {
    const [mine, other] = [await signedIn(site, 'grafana', 'bob'), await signedIn(site, 'grafana', 'bob')];
    const token = (await ask(port, 'traefik', `${app}/`, [other])).get('x-authentik-jwt')!;
    await press(mine, 'end=others');
    const bearer: [string, string] = ['Authorization', `Bearer ${token}`];
    const answer = await ask(port, 'traefik', `${app}/page`, [bearer, ['X-Authentik-No-Redirect', '1']]);
    expect(answer.status).toBe(401);
  });
});

describe('the last refusal', () => {
  test.each(dialects)('of this session is shown, as %s asked, without its query', async (dialect) => {
    const cookie = await signedIn(site, 'grafana', 'bob');
    const refused = await ask(port, dialect, `${app}/admin/${dialect}?token=s3cret`, [cookie, ...navigation]);
    expect(refused.status).toBe(403);
    const page = await visit(cookie);
    expect(page.body).toContain(`${app}/admin/${dialect}`);
    expect(page.body).toContain('This account may not open it');
    for (const word of ['s3cret', 'access[']) expect(page.body).not.toContain(word);
    // What the rule wants is for the operator.
    expect(page.body).not.toContain('admins');
    expect((await visit(await signedIn(site, 'grafana', 'bob'))).body).toContain('Nothing has been refused');
  });

  test('is text, whatever the client wrote into the address', async () => {
    const cookie = await signedIn(site, 'grafana', 'bob');
    const path = '/admin/%3Cscript%3Ealert(1)%3C/script%3E<img>"\'';
    await ask(port, 'traefik', `${app}${path}`, [cookie, ...navigation]);
    expect((await visit(cookie)).body).not.toMatch(/<script|<img/);
  });
});

describe('for programs', () => {
  const json: Pairs = [['Accept', 'application/json']];

  test('there are the own facts, and no other session', async () => {
    const [cookie] = [await signedIn(site, 'grafana', 'bob'), await signedIn(site, 'exact', 'bob')];
    await ask(port, 'traefik', `${app}/admin`, [cookie, ...navigation]);
    const answer = await send(port, PAGE, [...at('grafana'), cookie, ...json]);
    expect(answer.status).toBe(200);
    expect(answer.get('content-type')).toMatch(/^application\/json/);
    expect(answer.get('cache-control')).toBe('no-store');
    expect(JSON.parse(answer.body)).toEqual({
      user: 'bob',
      name: expect.any(String),
      email: 'bob@example.com',
      groups: expect.any(Array),
      application: 'grafana',
      since: expect.stringMatching(/Z$/),
      until: expect.stringMatching(/Z$/),
      last_refused: { at: expect.stringMatching(/Z$/), address: `${app}/admin`, reason: 'forbidden' },
    });
  });

  // Attack: a script in a page of the application fetches the page, and learns where else its visitor is signed in.
  test.each([
    'empty',
    'iframe',
    'image',
  ])('a page of the application that loads it (%s) gets those facts alone', async (dest) => {
    const [cookie] = [await signedIn(site, 'grafana'), await signedIn(site, 'exact')];
    const headers: Pairs = [
      ...at('grafana'),
      cookie,
      ['Accept', 'text/html'],
      ['Sec-Fetch-Site', 'same-origin'],
      ['Sec-Fetch-Dest', dest],
    ];
    const answer = await send(port, PAGE, headers);
    expect(answer.get('content-type')).toMatch(/^application\/json/);
    expect(answer.body).not.toContain('exact');
  });
});
