import { readFileSync } from 'node:fs';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AuthentikApiError, createAuthentikApi } from '../../src/outpost/api.ts';
import { type Certificate, makeCertificate } from '../integration/certificate.ts';
import { freePort } from '../support/free_port.ts';
import { type Answered, list, listen, startApi, startHttp, TOKEN } from './servers.ts';

const apiOf = (host: string, more: { insecure?: boolean; timeoutMs?: number } = {}) =>
  createAuthentikApi({
    settings: { host, insecure: more.insecure ?? false },
    token: () => TOKEN,
    timeoutMs: more.timeoutMs ?? 10_000,
  });

/** What reading the outposts at `host` fails with. */
async function failureAt(host: string, more?: Parameters<typeof apiOf>[1]): Promise<AuthentikApiError> {
  const api = apiOf(host, more);
  const error = await api.instances().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  await api.close();
  expect(error).toBeInstanceOf(AuthentikApiError);
  const failure = error as AuthentikApiError;
  expect(failure.message).not.toContain(TOKEN);
  expect(failure.message).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028\u2029]/);
  expect(failure.message.length).toBeLessThan(700);
  return failure;
}

async function failureOf(answered: Answered): Promise<AuthentikApiError & { url: string }> {
  const { host } = await startApi(() => answered);
  const failure = await failureAt(host);
  return Object.assign(failure, { url: `${host}api/v3/outposts/instances/` });
}

const html = { 'content-type': 'text/html' };

describe('the token is refused by', () => {
  test.each<Answered>([
    { status: 401 },
    { status: 401, headers: html, body: '<h1>no</h1>' },
    { status: 403, body: { detail: 'Authentication credentials were not provided.' } },
    { status: 403, body: { detail: { code: 'token_invalid' } } },
  ])('%j', async (answered) => {
    const { kind, message, url } = await failureOf(answered);
    expect(kind).toBe('refused');
    expect(message).toContain(`authentik refuses the token at ${url} (status ${answered.status}`);
  });

  test('authentik in words that are shown', async () => {
    const { message } = await failureOf({ status: 403, body: { detail: 'Token invalid/expired' } });
    expect(message).toContain('"Token invalid/expired"');
  });
});

describe('an outage is', () => {
  test.each<[Answered, string]>([
    [{ status: 403, headers: html, body: '<h1>blocked by the firewall</h1>' }, '"<h1>blocked by the firewall</h1>"'],
    [{ status: 403, body: [] }, 'status 403'],
    [{ status: 403, body: { error: 'no' } }, 'status 403'],
    [{ status: 500, body: { detail: 'down' } }, '"down"'],
    [{ status: 502, headers: html, body: '\n\n  Bad Gateway\nby a proxy' }, 'status 502, "Bad Gateway")'],
    [{ status: 503 }, 'status 503)'],
    [{ status: 429 }, 'status 429)'],
  ])('%j', async (answered, words) => {
    const { kind, message, url } = await failureOf(answered);
    expect(kind).toBe('outage');
    expect(message).toContain(`authentik does not answer at ${url} (`);
    expect(message).toContain(words);
  });
});

describe('no authentik API is', () => {
  test.each<[string, Answered, string]>([
    ['a login page', { headers: html, body: '<!doctype html>\n<title>Log in</title>' }, '"<!doctype html>"'],
    ['a redirect', { status: 302, headers: { location: '/flows/-/login/?next=x' } }, 'it leads to "/flows/-/login/"'],
    ['a wrong path', { status: 404, headers: html, body: 'Not found' }, 'status 404, "Not found"'],
    ['a wrong path that speaks JSON', { status: 404, body: { detail: 'Not found.' } }, 'status 404, "Not found."'],
    ['nothing', { body: '' }, 'no JSON'],
    ['nothing with status 204', { status: 204 }, 'status 204'],
    ['JSON of something else', { body: { status: 'up' } }, 'no list of outposts'],
    ['no UTF-8', { body: Buffer.from('7b2261223a22ff227d', 'hex') }, 'no UTF-8'],
  ])('%s', async (_, answered, words) => {
    const { kind, message, url } = await failureOf(answered);
    expect(kind).toBe('outage');
    expect(message).toContain(`no authentik API at ${url} (`);
    expect(message).toContain(words);
  });

  test('a redirect that is followed', async () => {
    const { host, asked } = await startApi(({ url }) =>
      url === '/moved' ? { body: list([]) } : { status: 307, headers: { location: '/moved' } },
    );
    await failureAt(host);
    expect(asked).toHaveLength(1);
  });

  test('one that is longer than 8 MiB', async () => {
    const whole = JSON.stringify({ results: [], padding: 'x'.repeat(9 * 1024 * 1024) });
    const { message } = await failureOf({ body: whole });
    expect(message).toContain('more than 8388608 bytes');
  });
});

test('what is nearly 8 MiB long is read', async () => {
  const { host } = await startApi(() => ({ body: JSON.stringify({ results: [], padding: 'x'.repeat(8_388_500) }) }));
  expect(await apiOf(host).instances()).toEqual([]);
});

describe('the message of an error', () => {
  test('shows no token that the server has sent back', async () => {
    const body = `<pre>Authorization: Bearer ${TOKEN}</pre>`;
    expect((await failureOf({ status: 502, headers: html, body })).message).toContain('Bearer (token)<');
    await failureOf({ status: 302, headers: { location: `/login/${TOKEN}` } });
    await failureOf({ status: 403, body: { detail: TOKEN } });
    await failureOf({ headers: html, body: `${'x'.repeat(170)}${TOKEN}` });
  });

  test('shows nothing of a list that broke off, where secrets stand', async () => {
    const { message, kind } = await failureOf({ body: '{"results":[{"client_secret":"hunter2' });
    expect(message).not.toContain('hunter2');
    expect(kind).toBe('outage');
  });

  test('is short and on one line, whatever the server says', async () => {
    const { message } = await failureOf({ status: 502, headers: html, body: `\u001b[31m\u2028${'y'.repeat(10_000)}` });
    expect(message).not.toContain('\u001b');
  });
});

describe('Retry-After', () => {
  const waitOf = async (value: string) =>
    (await failureOf({ status: 429, headers: { 'retry-after': value } })).retryAfterMs;

  test('is seconds or a date, and bounded', async () => {
    expect(await waitOf('7')).toBe(7000);
    expect(await waitOf('99999999999999')).toBe(300_000);
    expect(await waitOf(new Date(Date.now() - 60_000).toUTCString())).toBe(0);
    expect(await waitOf(new Date(Date.now() + 86_400_000).toUTCString())).toBe(300_000);
    for (const wrong of ['soon', '', '1e3x']) expect(await waitOf(wrong)).toBeUndefined();
  });

  test('counts whatever the status is', async () => {
    const failure = await failureOf({ status: 503, headers: { 'retry-after': '120' } });
    expect(failure.retryAfterMs).toBe(120_000);
    expect((await failureOf({ status: 503 })).retryAfterMs).toBeUndefined();
  });
});

describe('without an answer', () => {
  test('nothing listens there', async () => {
    const host = `http://localhost:${await freePort()}/`;
    const { kind, message } = await failureAt(host);
    expect(kind).toBe('outage');
    expect(message).toBe(
      `authentik cannot be reached at ${host}api/v3/outposts/instances/: nothing listens at that address (ECONNREFUSED)`,
    );
  });

  test('a server that is silent is left after the time of a call', async () => {
    const { kind, message } = await failureAt(await startHttp(() => undefined), { timeoutMs: 50 });
    expect(kind).toBe('outage');
    expect(message).toContain('within 0.05 s');
  });

  test('a server that drips is left after the time of a call', async () => {
    const host = await startHttp((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(drip));
    });
    const { kind, message } = await failureAt(host, { timeoutMs: 300 });
    expect(kind).toBe('outage');
    expect(message).toContain('within 0.3 s');
  });

  test('a connection that breaks off in the middle is an outage', async () => {
    const host = await startHttp((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"results":[', () => response.destroy());
    });
    expect((await failureAt(host)).kind).toBe('outage');
  });

  test('what speaks no HTTP is an outage', async () => {
    const tcp = createTcp((socket) => socket.end('220 mail.example.com ESMTP\r\n'));
    const { kind } = await failureAt(await listen(tcp));
    expect(kind).toBe('outage');
  });

  test('an event is let go, and the health is unknown', async () => {
    const api = apiOf(`http://localhost:${await freePort()}/`);
    await expect(api.reportEvent({ message: 'a', provider: 'b', outpost: 'c', url: 'd' })).resolves.toBeUndefined();
    await expect(api.health('1', '2')).resolves.toBeUndefined();
  });

  test('calls under way fail when the client closes', async () => {
    let note = () => {};
    const isAsked = new Promise<void>((resolve) => {
      note = resolve;
    });
    const api = apiOf(await startHttp(() => note()));
    const call = expect(api.instances()).rejects.toMatchObject({ kind: 'outage' });
    await isAsked;
    await api.close();
    await call;
  });
});

describe('TLS', () => {
  let certificate: Certificate;
  beforeAll(() => {
    certificate = makeCertificate(['localhost']);
  });
  afterAll(() => certificate.remove());

  const start = () => {
    const keys = { key: readFileSync(certificate.key), cert: readFileSync(certificate.chain) };
    return listen(
      createHttps(keys, (_, response) => response.end(JSON.stringify(list([])))),
      'https',
    );
  };

  test('with an unknown certificate is no connection, and the message names what helps, the safe thing first', async () => {
    const { kind, message } = await failureAt(await start());
    expect(kind).toBe('outage');
    expect(message).toMatch(/^no authentik API at https:.*not trusted.*NODE_EXTRA_CA_CERTS.*AUTHENTIK_INSECURE/);
    expect(message).toMatch(/\((UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN)\)$/);
  });

  test('with an unknown certificate is used where AUTHENTIK_INSECURE says so', async () => {
    const host = await start();
    const api = apiOf(host, { insecure: true });
    expect(await api.instances()).toEqual([]);
    await api.close();
    expect((await failureAt(host)).kind).toBe('outage');
  });

  test('that is expected where there is none names AUTHENTIK_HOST', async () => {
    const { host } = await startApi(() => ({}));
    const { message } = await failureAt(host.replace('http:', 'https:'));
    expect(message).toContain('AUTHENTIK_HOST');
  });
});

test('no proxy of the environment is used', async () => {
  const proxy = await startApi(() => ({ status: 500 }));
  for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) vi.stubEnv(name, proxy.host);
  const { host } = await startApi(() => ({ body: list([]) }));
  expect(await apiOf(host).instances()).toEqual([]);
  expect(proxy.asked).toEqual([]);
  vi.unstubAllEnvs();
});
