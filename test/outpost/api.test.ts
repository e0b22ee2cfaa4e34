import { describe, expect, test } from 'vitest';
import { createAuthentikApi } from '../../src/outpost/api.ts';
import { type Answered, type Asked, list, startApi, TOKEN } from './servers.ts';

const PK = '5a1d8c9e-0000-4000-8000-000000000001';

const outpost = {
  pk: PK,
  name: 'gates',
  type: 'proxy',
  managed: null,
  refresh_interval_s: 300,
  providers: [7],
  providers_obj: [
    { pk: 7, name: 'wiki', assigned_application_slug: 'wiki' },
    { pk: 8, name: 'without application', assigned_application_slug: null },
    { pk: 'nine', name: 'of another kind' },
  ],
  config: { log_level: 'debug', authentik_host: 'https://auth.example.com/', authentik_host_insecure: false },
};

async function open(answer: (asked: Asked) => Answered, path = '') {
  const { host, asked } = await startApi(answer);
  const warnings: string[] = [];
  const settings = { host: host + path, insecure: false };
  const options = { settings, token: () => TOKEN, version: '1.4.0-rc.1', warn: (text: string) => warnings.push(text) };
  return { api: createAuthentikApi(options), asked, warnings };
}

describe('the outposts', () => {
  test('are read with the token and the names of both programs', async () => {
    const { api, asked } = await open(() => ({ body: list([outpost]) }));
    const [first] = await api.instances();
    expect(first).toEqual({
      pk: PK,
      name: 'gates',
      type: 'proxy',
      managed: undefined,
      refreshIntervalS: 300,
      config: {
        logLevel: 'debug',
        authentikHost: 'https://auth.example.com/',
        authentikHostBrowser: undefined,
        authentikHostInsecure: false,
      },
      providers: [
        { pk: 7, name: 'wiki', slug: 'wiki' },
        { pk: 8, name: 'without application', slug: undefined },
      ],
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ method: 'GET', url: '/api/v3/outposts/instances/', body: '' });
    expect(asked[0]!.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      accept: 'application/json',
      'user-agent': 'goauthentik.io/outpost/1.4.0 gatepost/1.4.0-rc.1',
    });
  });

  test('are read below a path, too', async () => {
    const { api, asked } = await open(() => ({ body: list([]) }), 'sso/');
    expect(await api.instances()).toEqual([]);
    expect(asked[0]!.url).toBe('/sso/api/v3/outposts/instances/');
  });

  test('of 2023 have fewer fields, and those of the future more', async () => {
    const { config: _, refresh_interval_s: __, providers_obj: ___, ...old } = outpost;
    const recent = { ...outpost, type: 'quic', managed: 'goauthentik.io/outposts/embedded', later: { than: 'now' } };
    const { api } = await open(() => ({ body: { results: [old, recent] } }));
    const [first, second] = await api.instances();
    expect(first).toMatchObject({ refreshIntervalS: undefined, providers: [], config: { logLevel: undefined } });
    expect(second).toMatchObject({ type: 'quic', managed: 'goauthentik.io/outposts/embedded' });
  });

  test('are none where one of them cannot be told from others', async () => {
    const { api } = await open(() => ({ body: list([outpost, { ...outpost, pk: null }]) }));
    await expect(api.instances()).rejects.toMatchObject({ kind: 'outage' });
  });
});

describe('the providers', () => {
  const provider = (pk: number) => ({ pk, name: `p${pk}`, external_host: `https://p${pk}.example.com`, later: [pk] });
  const pageOf = ({ url }: Asked) => Number(new URL(url!, 'http://localhost').searchParams.get('page'));

  test('are read from all pages, each as it came', async () => {
    const { api, asked } = await open((request) => {
      const page = pageOf(request);
      return { body: list([provider(2 * page - 1), provider(2 * page)], page === 3 ? 0 : page + 1, page) };
    });
    expect(await api.providers()).toEqual([1, 2, 3, 4, 5, 6].map(provider));
    expect(asked.map(({ url }) => url)).toEqual(
      [1, 2, 3].map((page) => `/api/v3/outposts/proxy/?page=${page}&page_size=100`),
    );
  });

  test('are read once each, where they moved to the next page meanwhile', async () => {
    const pages = [
      [1, 2],
      [2, 3],
    ];
    const { api } = await open((request) => {
      const page = pageOf(request);
      return { body: list(pages[page - 1]!.map(provider), page === 2 ? 0 : 2) };
    });
    expect((await api.providers()).map(({ pk }) => pk)).toEqual([1, 2, 3]);
  });

  test('without a number or a name are left out, and the others are not', async () => {
    const broken = [null, 'text', [], { pk: '1', name: 'a' }, { pk: 1.5, name: 'a' }, { pk: 1 }, { pk: 1, name: null }];
    const { api, warnings } = await open(() => ({ body: list([...broken, provider(4)]) }));
    expect((await api.providers()).map(({ pk }) => pk)).toEqual([4]);
    expect(warnings).toEqual(['7 providers of authentik without a pk or a name: left out']);
  });

  test.each([1, 2])('are none where page 2 leads to page %i', async (next) => {
    const { api, asked } = await open((request) => ({ body: list([provider(1)], pageOf(request) === 1 ? 2 : next) }));
    await expect(api.providers()).rejects.toMatchObject({ kind: 'outage', message: expect.stringContaining('page') });
    expect(asked).toHaveLength(2);
  });

  test('are none where there are more than a hundred pages', async () => {
    const { api, asked } = await open((request) => ({ body: list([], pageOf(request) + 1) }));
    await expect(api.providers()).rejects.toMatchObject({ kind: 'outage' });
    expect(asked).toHaveLength(100);
  });

  test('fill a hundred pages', async () => {
    const { api } = await open((request) => {
      const page = pageOf(request);
      return { body: list([provider(page)], page === 100 ? 0 : page + 1) };
    });
    expect(await api.providers()).toHaveLength(100);
  });

  test('are none where a page in the middle fails', async () => {
    const { api } = await open((request) =>
      pageOf(request) === 2 ? { status: 502 } : { body: list([provider(1)], pageOf(request) + 1) },
    );
    await expect(api.providers()).rejects.toMatchObject({ kind: 'outage' });
  });

  test.each([
    ['no pagination', { results: [] }],
    ['no next', { pagination: {}, results: [] }],
    ['next as a text', { pagination: { next: '0' }, results: [] }],
    ['a negative next', { pagination: { next: -1 }, results: [] }],
    ['half a page', { pagination: { next: 1.5 }, results: [] }],
    ['no results', { pagination: { next: 0 } }],
    ['results that are no list', { pagination: { next: 0 }, results: { 0: {} } }],
    ['a list alone', []],
    ['null', null],
  ])('are none where there is %s', async (_, body) => {
    const { api } = await open(() => ({ body: JSON.stringify(body) }));
    await expect(api.providers()).rejects.toMatchObject({ kind: 'outage' });
  });
});

describe('the health', () => {
  const own = { uid: 'b6b8', version_should: '2026.8.3', version_outdated: false };

  test('is that of the own instance', async () => {
    const others = [null, { uid: 'a1', version_should: '1', version_outdated: true }];
    const { api, asked } = await open(() => ({ body: [...others, own] }));
    expect(await api.health(PK, 'b6b8')).toEqual({ versionShould: '2026.8.3', outdated: false });
    expect(asked[0]!.url).toBe(`/api/v3/outposts/instances/${PK}/health/`);
  });

  test('is unknown where the instance is not listed, or the types are others', async () => {
    const { api } = await open(() => ({ body: [{ ...own, version_should: 7, version_outdated: 'no' }] }));
    expect(await api.health(PK, 'b6b9')).toBeUndefined();
    expect(await api.health(PK, 'b6b8')).toEqual({ versionShould: undefined, outdated: undefined });
  });

  test.each([403, 404, 500])('is unknown where the status is %i', async (status) => {
    const { api } = await open(() => ({ status, body: { detail: 'no' } }));
    expect(await api.health(PK, 'b6b8')).toBeUndefined();
  });
});

describe('an event', () => {
  const event = { message: 'no secret', provider: 'wiki', outpost: 'gates', url: 'https://wiki.example.com' };

  test('is posted as authentik wants it', async () => {
    const { api, asked } = await open(() => ({ status: 201, body: {} }));
    await api.reportEvent(event);
    expect(asked[0]).toMatchObject({ method: 'POST', url: '/api/v3/events/events/' });
    expect(asked[0]!.headers['content-type']).toBe('application/json');
    expect(JSON.parse(asked[0]!.body)).toEqual({
      action: 'configuration_error',
      app: 'authentik.providers.proxy',
      context: event,
    });
  });

  test('that authentik does not take is let go', async () => {
    const { api } = await open(() => ({ status: 400, body: { action: ['no'] } }));
    await expect(api.reportEvent(event)).resolves.toBeUndefined();
  });
});

test('the token is asked for at each call', async () => {
  const { host, asked } = await startApi(() => ({ body: list([]) }));
  const tokens = ['the-first-one', 'the-second-one'];
  const api = createAuthentikApi({ settings: { host, insecure: false }, token: () => tokens.shift()! });
  await api.instances();
  await api.providers();
  expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer the-first-one', 'Bearer the-second-one']);
});
