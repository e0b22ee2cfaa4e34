/** A real OpenID provider on a loopback port, for tests, integration tests and the demo. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importJWK, type JWTHeaderParameters, SignJWT } from 'jose';
import { APP_PASSWORD } from './grants.ts';
import { makeKey, strangersKey } from './keys.ts';
import { answerInteraction } from './login.ts';
import { type Endpoint, type Failure, type ProviderOptions, people } from './options.ts';
import { REFRESH_SCOPE, setUpProvider } from './setup.ts';
import { createStorage } from './storage.ts';

export { people, type TestClient, type TestUser } from './options.ts';
export type TestProvider = Awaited<ReturnType<typeof startProvider>>;

interface Answer {
  status?: number;
  body: unknown;
  type?: string;
  headers?: Record<string, string>;
}

/** Answers a request in the provider's place; `undefined` leaves it to the provider. */
export type Stand = (
  body: URLSearchParams,
  headers: IncomingHttpHeaders,
) => Answer | undefined | Promise<Answer | undefined>;

const paths: Record<string, Endpoint> = {
  '/.well-known/openid-configuration': 'discovery',
  '/jwks': 'jwks',
  '/auth': 'authorization',
  '/token': 'token',
  '/me': 'userinfo',
  '/token/introspection': 'introspection',
  '/session/end': 'end_session',
};

/** Starts the provider; `close()` ends it and every connection. */
export async function startProvider(options: ProviderOptions) {
  const users = options.users ?? structuredClone(people);
  const storage = createStorage();
  const counts = Object.fromEntries([...Object.values(paths), 'other'].map((name) => [name, 0])) as Record<
    Endpoint,
    number
  >;
  const failures = new Map<Endpoint, Failure>();
  const stands = new Map<Endpoint, Stand>();
  let keys = [await makeKey()];
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
  // biome-ignore lint/suspicious/noExplicitAny: the package has no types
  let provider: any;

  const server = createServer(async (request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    const endpoint = paths[path] ?? 'other';
    counts[endpoint] += 1;
    const failure = failures.get(endpoint);
    if (failure) return fail(failure, response);
    const body = request.method === 'POST' ? await readForm(request) : new URLSearchParams();
    const answer = await stands.get(endpoint)?.(body, request.headers);
    if (answer) return send(response, answer);
    if (path.startsWith('/interaction/')) return answerInteraction(provider, request, response, body, users, options);
    if (endpoint === 'token') adoptAppPassword(request, body, options);
    if (endpoint === 'authorization') request.url = request.url?.replace('offline_access', REFRESH_SCOPE);
    if (request.method === 'POST') Object.assign(request, { body: Object.fromEntries(body) });
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, options.address ?? '127.0.0.1', resolve));
  const port = (server.address() as AddressInfo).port;
  const issuer = options.issuer ?? `http://127.0.0.1:${port}`;

  const set = () => {
    provider = quietly(() => setUpProvider(issuer, options, users, keys, storage));
    // Behind a proxy the scheme and host of links are the issuer's.
    provider.proxy = options.issuer !== undefined;
    handle = provider.callback();
  };
  set();

  return {
    issuer,
    users,
    /** Requests so far, by endpoint. */
    counts,
    /** Lets an endpoint fail in some way; `undefined` mends it. */
    fail: (endpoint: Endpoint, failure: Failure | undefined) =>
      failure ? failures.set(endpoint, failure) : failures.delete(endpoint),
    /** Answers for an endpoint; `undefined` gives it back. */
    stand: (endpoint: Endpoint, stand: Stand | undefined) =>
      stand ? stands.set(endpoint, stand) : stands.delete(endpoint),
    /** New tokens are signed with a new key; the old ones are published no longer unless `keep`. */
    rotateKeys: async ({ keep = false } = {}) => {
      keys = [await makeKey(), ...(keep ? keys : [])];
      set();
    },
    /** Signs any claims with the provider's key, or (`foreign`) with one that is not published. */
    sign: async (
      claims: Record<string, unknown>,
      header: Partial<JWTHeaderParameters> & { foreign?: boolean } = {},
    ) => {
      const { foreign: stranger, ...fields } = header;
      const key = keys[0]!;
      const signer = new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: key.kid!, ...fields });
      return signer.sign(await importJWK(stranger ? await strangersKey() : key, 'RS256'));
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** authentik takes user name and app password in the client credentials grant, without the client's secret. */
function adoptAppPassword(request: IncomingMessage, body: URLSearchParams, { clients }: ProviderOptions) {
  const authenticated = request.headers.authorization !== undefined || body.has('client_secret');
  if (body.get('grant_type') !== 'client_credentials' || !body.has('username') || authenticated) return;
  const client = clients.find((one) => one.client_id === body.get('client_id'));
  body.set('grant_type', APP_PASSWORD);
  if (client?.client_secret === undefined) return;
  if (client.token_endpoint_auth_method === 'client_secret_post')
    return body.set('client_secret', client.client_secret);
  const pair = [client.client_id, client.client_secret].map(encodeURIComponent).join(':');
  request.headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
}

function fail(failure: Failure, response: ServerResponse) {
  if (failure === 'hang') return;
  if (failure === 'reset') return response.socket?.destroy();
  if (failure === 'nonsense') return send(response, { body: '<html>not what you expected</html>', type: 'text/html' });
  send(response, { status: failure === 'busy' ? 429 : 500, body: { error: 'server_error' } });
}

function send(response: ServerResponse, answer: Answer) {
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  const headers = { 'content-type': answer.type ?? 'application/json', ...answer.headers };
  response.writeHead(answer.status ?? 200, headers).end(text);
}

async function readForm(request: IncomingMessage) {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

/** The package talks to the console about choices that are meant here. */
function quietly<T>(work: () => T): T {
  const { warn, info } = console;
  Object.assign(console, { warn: () => undefined, info: () => undefined });
  try {
    return work();
  } finally {
    Object.assign(console, { warn, info });
  }
}
