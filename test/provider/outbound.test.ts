import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createOutbound } from '../../src/provider/outbound.ts';
import { type Certificate, makeCertificate } from '../integration/certificate.ts';

let house: Certificate;
let stranger: Certificate;
let folder: string;
const open: Server[] = [];
const file = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatepost-outbound-'));
  house = makeCertificate(['localhost', 'login.example.test']);
  stranger = makeCertificate(['localhost']);
  writeFileSync(file('house.pem'), house.ca);
  writeFileSync(file('stranger.pem'), stranger.ca);
  writeFileSync(file('bundle.pem'), `the house\r\n${stranger.ca}# and\n${house.ca}`);
});
afterAll(() => {
  house.remove();
  stranger.remove();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function listen(server: Server): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Answers with what it was asked. */
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { method, url, headers } = request;
  if (url === '/moved') return void response.writeHead(302, { location: 'https://elsewhere.example.test/' }).end();
  response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ method, url, type: headers['content-type'], body }));
}

const startHttps = () => listen(createHttps({ key: readFileSync(house.key), cert: readFileSync(house.chain) }, echo));

/** A forward proxy; every name leads to `port` of this machine. */
async function startProxy(port: number, status = 200) {
  const seen: string[] = [];
  const server = createHttp((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    void echo(request, response);
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    seen.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    if (status !== 200) return socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const far = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      far.pipe(socket).pipe(far);
    });
    for (const one of [far, socket]) one.on('error', () => [far.destroy(), socket.destroy()]);
  });
  return { seen, url: `http://127.0.0.1:${await listen(server)}` };
}

const environment = {};

describe('a private authority', () => {
  test.each(['house.pem', 'bundle.pem'])('%s makes the provider trusted', async (name) => {
    const port = await startHttps();
    const outbound = createOutbound({ authorityFile: file(name), environment });
    const body = new URLSearchParams({ grant_type: 'ä' });
    const response = await outbound(`https://localhost:${port}/token?p=1`, { method: 'POST', body });
    expect(response).toBeInstanceOf(Response);
    expect(await response.json()).toEqual({
      method: 'POST',
      url: '/token?p=1',
      type: 'application/x-www-form-urlencoded;charset=UTF-8',
      body: 'grant_type=%C3%A4',
    });
  });

  test.each([undefined, 'stranger.pem'])('without it (%s) the cause is named', async (name) => {
    const port = await startHttps();
    const outbound = createOutbound({ authorityFile: name && file(name), environment });
    const url = `https://localhost:${port}/token`;
    await expect(outbound(`${url}?code=secret`, {})).rejects.toThrow(
      new RegExp(`^${url} cannot be reached: its certificate is not trusted: issuer_ca_file .*\\((SELF_|UNABLE_)`),
    );
  });

  // Otherwise the new authority would need a restart.
  test('a new one in the same file is trusted after the first request that fails', async () => {
    const port = await startHttps();
    writeFileSync(file('renewed.pem'), stranger.ca);
    const outbound = createOutbound({ authorityFile: file('renewed.pem'), environment });
    const url = `https://localhost:${port}/`;
    await expect(outbound(url, {})).rejects.toThrow('its certificate is not trusted');
    writeFileSync(file('renewed.pem'), house.ca);
    await expect.poll(() => outbound(url, {}).then(({ status }) => status), { timeout: 3000 }).toBe(200);
  });

  test('a certificate for another host stays refused', async () => {
    const port = await startHttps();
    const outbound = createOutbound({ authorityFile: file('house.pem'), environment });
    await expect(outbound(`https://127.0.0.1:${port}/`, {})).rejects.toThrow(
      'its certificate is for another host name (ERR_TLS_CERT_ALTNAME_INVALID)',
    );
  });

  test('Attack: the authority of one application vouches for the provider of another', async () => {
    const port = await startHttps();
    const trusting = createOutbound({ authorityFile: file('house.pem'), environment });
    const other = createOutbound({ environment });
    expect((await trusting(`https://localhost:${port}/`, {})).status).toBe(200);
    await expect(other(`https://localhost:${port}/`, {})).rejects.toThrow('its certificate is not trusted');
  });

  test('a request without one goes on beside it', async () => {
    const port = await listen(createHttp(echo));
    const trusting = createOutbound({ authorityFile: file('house.pem'), environment });
    for (const outbound of [trusting, createOutbound({ environment })])
      expect((await outbound(`http://127.0.0.1:${port}/`, {})).status).toBe(200);
  });

  test('a redirect is handed back, as the caller wants it', async () => {
    const port = await startHttps();
    const outbound = createOutbound({ authorityFile: file('house.pem'), environment });
    const response = await outbound(`https://localhost:${port}/moved`, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([302, 'https://elsewhere.example.test/']);
  });

  test('a time-out keeps its class', async () => {
    const server = createHttp(() => undefined);
    const port = await listen(server);
    for (const authorityFile of [undefined, file('house.pem')]) {
      const outbound = createOutbound({ authorityFile, environment });
      const signal = AbortSignal.timeout(50);
      await expect(outbound(`http://127.0.0.1:${port}/`, { signal })).rejects.toMatchObject({ name: 'TimeoutError' });
    }
    server.closeAllConnections();
  });
});

describe('a proxy', () => {
  test('plain http goes through it without a tunnel, with its user and password', async () => {
    const proxy = await startProxy(0);
    const HTTP_PROXY = proxy.url.replace('//', '//us%3Aer:p%40ss@');
    const outbound = createOutbound({ environment: { HTTP_PROXY } });
    expect((await outbound('http://login.example.test/x?y=1', {})).status).toBe(200);
    const credentials = Buffer.from('us:er:p@ss').toString('base64');
    expect(proxy.seen).toEqual([`GET http://login.example.test/x?y=1 Basic ${credentials}`]);
  });

  test('https goes through a tunnel, with the private authority inside', async () => {
    const proxy = await startProxy(await startHttps());
    const HTTPS_PROXY = proxy.url;
    const outbound = createOutbound({ authorityFile: file('house.pem'), environment: { HTTPS_PROXY } });
    const response = await outbound('https://login.example.test/token', { method: 'POST', body: 'a=b' });
    expect(await response.json()).toMatchObject({ method: 'POST', url: '/token', body: 'a=b' });
    expect(proxy.seen).toEqual(['CONNECT login.example.test:443']);
    // Attack: a proxy that answers in the provider's place.
    const distrustful = createOutbound({ environment: { HTTPS_PROXY } });
    await expect(distrustful('https://login.example.test/token', {})).rejects.toThrow('its certificate is not trusted');
  });

  test('that refuses or is not there is named, without its password', async () => {
    const refusing = await startProxy(0, 403);
    const HTTPS_PROXY = refusing.url.replace('//', '//user:hunter2@');
    const refused = createOutbound({ environment: { HTTPS_PROXY } })('https://login.example.test/', {});
    await expect(refused).rejects.toThrow(
      new RegExp(`^https://login.example.test/ cannot be reached through the proxy ${refusing.url.slice(7)}: .*403`),
    );
    const gone = createOutbound({ environment: { HTTPS_PROXY: 'http://user:hunter2@127.0.0.1:1' } });
    const error: unknown = await gone('https://login.example.test/', {}).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/through the proxy 127\.0\.0\.1:1: nothing listens at that address \(ECONNREFUSED\)/);
    expect(String(error)).not.toContain('hunter2');
  });

  test('is left out for what NO_PROXY names', async () => {
    const proxy = await startProxy(0);
    const outbound = createOutbound({ environment: { HTTP_PROXY: proxy.url, NO_PROXY: '.invalid' } });
    await expect(outbound('http://login.invalid/', {})).rejects.toThrow('this machine does not find that host name');
    expect(proxy.seen).toEqual([]);
  });
});
