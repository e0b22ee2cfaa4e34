import { readFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { AuthentikAccess } from '../../src/config/managed.ts';
import { createManagedOutbound, namePublicOrigin } from '../../src/provider/managed_outbound.ts';
import { type Certificate, makeCertificate } from '../integration/certificate.ts';

let house: Certificate;
let open: { server: Server; closeAll(): void }[] = [];

beforeAll(() => {
  house = makeCertificate(['localhost']);
});
afterAll(() => house.remove());
afterEach(() => {
  vi.unstubAllEnvs();
  for (const { server, closeAll } of open) {
    server.close();
    closeAll();
  }
  open = [];
});

interface Seen {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
  /** The name that the client wants a certificate for. */
  name: string | false | null | undefined;
  /** The port of the client: one connection has one. */
  from: number | undefined;
}

/** A server that notes what it was asked and answers `{}`, or as `answer` says. */
async function start(scheme: 'http' | 'https', answer?: RequestListener) {
  const seen: Seen[] = [];
  const listener: RequestListener = async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method, url, headers, socket } = request;
    seen.push({ method, url, headers, body, name: (socket as TLSSocket).servername, from: socket.remotePort });
    if (answer) return answer(request, response);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  };
  const files = { key: readFileSync(house.key), cert: readFileSync(house.chain) };
  const context: SecureContext = createSecureContext(files);
  const server =
    scheme === 'http'
      ? createHttp(listener)
      : createHttps({ ...files, SNICallback: (_name, done) => done(null, context) }, listener);
  open.push({ server, closeAll: () => server.closeAllConnections() });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { seen, port, origin: `${scheme}://localhost:${port}` };
}

const PUBLIC = 'https://login.example.test:8443';
const accessTo = (origin: string, changes: Partial<AuthentikAccess> = {}): AuthentikAccess => ({
  origin,
  insecure: false,
  publicOrigin: origin,
  ...changes,
});

describe('the Host header', () => {
  test('names the public origin, and the certificate stays that of the address', async () => {
    const server = await start('https');
    const access = accessTo(server.origin, { publicOrigin: PUBLIC });
    const fetch = namePublicOrigin(access, createManagedOutbound(access, house.ca));
    const body = new URLSearchParams({ grant_type: 'ä' });
    const response = await fetch(`${server.origin}/token?p=1`, { method: 'POST', body, redirect: 'manual' });
    expect(await response.json()).toEqual({});
    expect(server.seen).toMatchObject([
      {
        method: 'POST',
        url: '/token?p=1',
        headers: {
          host: 'login.example.test:8443',
          'x-forwarded-proto': 'https',
          'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
          'content-length': '17',
        },
        body: 'grant_type=%C3%A4',
        name: 'localhost',
      },
    ]);
  });

  test('Attack: a certificate for the public name does not stand for the host that is asked', async () => {
    const server = await start('https');
    const origin = `https://127.0.0.1:${server.port}`;
    const access = accessTo(origin, { publicOrigin: server.origin });
    const fetch = namePublicOrigin(access, createManagedOutbound(access, house.ca));
    await expect(fetch(`${origin}/token`, {})).rejects.toThrow(
      `${origin}/token cannot be reached: its certificate is for another host name (ERR_TLS_CERT_ALTNAME_INVALID)`,
    );
    expect(server.seen).toEqual([]);
  });

  test('a caller cannot name another scheme than that of the public origin', async () => {
    const server = await start('http');
    const access = accessTo(server.origin, { publicOrigin: PUBLIC });
    const fetch = namePublicOrigin(access, createManagedOutbound(access));
    await fetch(`${server.origin}/`, { headers: { Host: 'x', 'X-Forwarded-Proto': 'http' } });
    expect(server.seen[0]?.headers).toMatchObject({ host: 'login.example.test:8443', 'x-forwarded-proto': 'https' });
  });

  test.each([
    [
      'the address has the public origin',
      (origin: string) => ({ origin: 'https://other.example.test', publicOrigin: origin }),
    ],
    ['there is no AUTHENTIK_HOST_BROWSER', (origin: string) => ({ origin, publicOrigin: origin })],
    ['authentik names another host by itself', () => ({ origin: PUBLIC, publicOrigin: PUBLIC })],
  ])('stays where %s', async (_, hosts) => {
    const server = await start('https');
    const access = accessTo(server.origin, hosts(server.origin));
    await namePublicOrigin(access, createManagedOutbound(access, house.ca))(`${server.origin}/`, {});
    const { headers } = server.seen[0]!;
    expect([headers.host, headers['x-forwarded-proto']]).toEqual([`localhost:${server.port}`, undefined]);
  });
});

describe('TLS', () => {
  test('an unknown authority is refused, and the remedies are named in their order', async () => {
    const server = await start('https');
    const url = `${server.origin}/token`;
    await expect(createManagedOutbound(accessTo(server.origin))(`${url}?code=secret`, {})).rejects.toThrow(
      new RegExp(
        `^${url} cannot be reached: its certificate is not trusted: NODE_EXTRA_CA_CERTS .*; AUTHENTIK_INSECURE=true .* \\((SELF_|UNABLE_)[A-Z_]+\\)$`,
      ),
    );
    expect(server.seen).toEqual([]);
  });

  test('AUTHENTIK_INSECURE asks AUTHENTIK_HOST without the check, whatever its name', async () => {
    const server = await start('https');
    const origin = `https://127.0.0.1:${server.port}`;
    const access = accessTo(origin, { insecure: true, publicOrigin: PUBLIC });
    const fetch = namePublicOrigin(access, createManagedOutbound(access));
    expect((await fetch(`${origin}/token`, { method: 'POST', body: 'a=b' })).status).toBe(200);
    expect(server.seen[0]).toMatchObject({ body: 'a=b', name: false, headers: { host: 'login.example.test:8443' } });
  });

  test('Attack: with AUTHENTIK_INSECURE every other address is still checked', async () => {
    const [server, other] = [await start('https'), await start('https')];
    const outbound = createManagedOutbound(accessTo(server.origin, { insecure: true }));
    expect((await outbound(`${server.origin}/`, {})).status).toBe(200);
    for (const origin of [other.origin, `https://127.0.0.1:${server.port}`])
      await expect(outbound(`${origin}/`, {})).rejects.toThrow('its certificate is not trusted');
  });

  test('NODE_TLS_REJECT_UNAUTHORIZED opens nothing', async () => {
    const server = await start('https');
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const outbound = createManagedOutbound(accessTo(server.origin));
    await expect(outbound(`${server.origin}/`, {})).rejects.toThrow('its certificate is not trusted');
  });

  test('a server without it is named as such', async () => {
    const { port } = await start('http');
    const origin = `https://localhost:${port}`;
    await expect(createManagedOutbound(accessTo(origin))(`${origin}/`, {})).rejects.toThrow(
      'it does not speak TLS there: is AUTHENTIK_HOST http, or the port another one?',
    );
  });
});

describe('plain http', () => {
  test('is asked at AUTHENTIK_HOST', async () => {
    const server = await start('http');
    expect((await createManagedOutbound(accessTo(server.origin))(`${server.origin}/`, {})).status).toBe(200);
  });

  test('Attack: an address without TLS anywhere else is not asked', async () => {
    const [server, other] = [await start('http'), await start('http')];
    const outbound = createManagedOutbound(accessTo(server.origin, { insecure: true }));
    for (const origin of [other.origin, `http://127.0.0.1:${server.port}`])
      await expect(outbound(`${origin}/token?code=secret`, {})).rejects.toThrow(
        `${origin}/token is not asked: without TLS only AUTHENTIK_HOST itself is, ${server.origin}`,
      );
    const secure = createManagedOutbound(accessTo(`https://localhost:${server.port}`));
    await expect(secure(`${server.origin}/`, {})).rejects.toThrow('is not asked');
    expect([...server.seen, ...other.seen]).toEqual([]);
  });
});

test('a proxy of the environment is not used', async () => {
  const proxy = await start('http');
  const origin = 'http://login.invalid';
  vi.stubEnv('HTTP_PROXY', proxy.origin);
  vi.stubEnv('http_proxy', proxy.origin);
  await expect(createManagedOutbound(accessTo(origin))(`${origin}/`, {})).rejects.toThrow(
    'this machine does not find that host name',
  );
  expect(proxy.seen).toEqual([]);
});

describe('connections', () => {
  test('are kept, and are new ones after a reset', async () => {
    const server = await start('https');
    const outbound = createManagedOutbound(accessTo(server.origin), house.ca);
    const ask = async () => (await outbound(`${server.origin}/`, {})).status;
    expect([await ask(), await ask()]).toEqual([200, 200]);
    outbound.reset();
    expect(await ask()).toBe(200);
    const [first, second, third] = server.seen.map(({ from }) => from);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  test('a request under way ends as it began', async () => {
    let answer = () => {};
    const server = await start('http', (_, response) => {
      answer = () => response.end('late');
    });
    const outbound = createManagedOutbound(accessTo(server.origin));
    const late = outbound(`${server.origin}/`, {});
    await expect.poll(() => server.seen.length).toBe(1);
    outbound.reset();
    answer();
    expect(await (await late).text()).toBe('late');
  });
});

describe('a response', () => {
  const ask = async (answer: RequestListener, request: RequestInit = {}) => {
    const { origin } = await start('http', answer);
    return createManagedOutbound(accessTo(origin))(`${origin}/token`, request);
  };

  test('that redirects is handed back', async () => {
    const response = await ask((_, to) => to.writeHead(302, { location: 'https://elsewhere.example.test/' }).end());
    expect([response.status, response.headers.get('location')]).toEqual([302, 'https://elsewhere.example.test/']);
  });

  test('keeps each of its headers, and may have no body', async () => {
    const response = await ask((_, to) => to.writeHead(204, { 'www-authenticate': ['Basic', 'Bearer'] }).end());
    expect(response).toBeInstanceOf(Response);
    expect([response.status, response.headers.get('www-authenticate'), await response.text()]).toEqual([
      204,
      'Basic, Bearer',
      '',
    ]);
  });

  test('Attack: one without an end does not fill the memory', async () => {
    const endless: RequestListener = (_, to) => {
      const write = () => {
        while (!to.destroyed && to.write('x'.repeat(65_536)));
        to.once('drain', write);
      };
      write();
    };
    await expect(ask(endless)).rejects.toThrow('the response has more than 2097152 bytes');
  });

  test.each<[string, RequestListener]>([
    ['never begins', () => undefined],
    ['never ends', (_, to) => void to.writeHead(200).write('{')],
  ])('that %s is a time-out by its class', async (_, answer) => {
    await expect(ask(answer, { signal: AbortSignal.timeout(100) })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test.each<[string, RequestListener]>([
    ['breaks off before it', (request) => void request.socket.destroy()],
    [
      'breaks off within it',
      (request, to) => to.writeHead(200, { 'content-length': '9' }).write('{', () => request.socket.destroy()),
    ],
    [
      'wants another protocol',
      (request) => void request.socket.end('HTTP/1.1 101 Now\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    ],
    ['is no HTTP', (request) => void request.socket.end('hello\r\n\r\n')],
  ])('a server that %s cannot be reached', async (_, answer) => {
    await expect(ask(answer)).rejects.toThrow(/^http:\/\/localhost:\d+\/token cannot be reached: ./);
  });
});
