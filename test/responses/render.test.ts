/** The 401 of every dialect: which schemes it names, and where it has a way to the login. */
import { describe, expect, test } from 'vitest';
import { compileApplication } from '../../src/decision/application.ts';
import type { Decision, SignIn } from '../../src/decision/decision.ts';
import type { AuthRequest } from '../../src/decision/request.ts';
import type { Dialect } from '../../src/dialects/dialect.ts';
import { envoy } from '../../src/dialects/envoy.ts';
import { nginx } from '../../src/dialects/nginx.ts';
import { caddy, traefik } from '../../src/dialects/traefik.ts';
import { createRender } from '../../src/responses/render.ts';
import { makeApplication } from '../support/application.ts';
import { makeRequest } from '../support/auth_request.ts';
import { renderOptions } from './fixture.ts';

const application = compileApplication(makeApplication({ name: 'A "b" \\', issuer: 'https://auth.example.com/' }));
const render = createRender(renderOptions());
const loginUrl = 'https://app.example.com/start';

function respond({ capabilities }: Dialect, presentation: SignIn['presentation'], method = 'GET') {
  const decision: SignIn = { kind: 'sign_in', application, reason: 'no_credentials', loginUrl, presentation };
  const { status, headers } = render(decision, { request: makeRequest({ method }), capabilities, requestId: 'id' });
  const all = (wanted: string) => headers.filter((_, at) => at % 2 === 1 && headers[at - 1] === wanted);
  return { status, challenges: all('WWW-Authenticate'), locations: all('Location') };
}

const basic = 'Basic realm="A \\"b\\" \\\\", charset="UTF-8"';
const bearer = 'Bearer realm="A \\"b\\" \\\\"';

describe.each([nginx, traefik, caddy, envoy])('$name', (dialect) => {
  test.each([
    ['challenge', [basic, bearer]],
    ['basic_challenge', [basic]],
  ] as const)('%s: each scheme on a line of its own and no way to the login', (presentation, challenges) => {
    expect(respond(dialect, presentation)).toEqual({ status: 401, challenges, locations: [] });
  });

  test('a request in the background gets neither a challenge nor a way to the login: no browser opens a password box', () => {
    expect(respond(dialect, 'plain')).toEqual({ status: 401, challenges: [], locations: [] });
  });

  test('a page is a redirect where the proxy hands it on, else a 401 with the way to the login', () => {
    const status = dialect.capabilities.redirect ? 302 : 401;
    expect(respond(dialect, 'page')).toEqual({ status, challenges: [], locations: [loginUrl] });
    if (dialect.capabilities.redirect) expect(respond(dialect, 'page', 'POST').status).toBe(303);
  });
});

describe('an address that is too long', () => {
  test.each([
    [traefik, 414],
    [nginx, 403],
  ])('is the fault of the client, with the status that the proxy can carry', ({ capabilities }, status) => {
    const reply = render({ kind: 'uri_too_long' }, { request: undefined, capabilities, requestId: 'id-1' });
    expect([reply.status, reply.body]).toEqual([status, 'the address is longer than 16 KiB\n']);
    expect(reply.headers.join()).toContain('X-Gatepost-Reason,uri_too_long');
  });
});

describe('a host that no application has', () => {
  const render = createRender(renderOptions({ site: { title: 'Example', language: 'auto' } }));
  const decision = { kind: 'unknown_host', host: 'who.example.com', known: [] } as const;
  const asked = (headers: AuthRequest['headers'], { capabilities }: Dialect) =>
    render(decision, { request: makeRequest({ headers }), capabilities, requestId: 'id-1' });

  test.each([
    [traefik, 404],
    [nginx, 403],
  ])('is a page for a person, with the status that the proxy can carry', (dialect, status) => {
    const { status: sent, body, headers } = asked({ 'sec-fetch-mode': 'navigate' }, dialect);
    expect(sent).toBe(status);
    for (const part of ['who.example.com', 'id-1', 'Example']) expect(body).toContain(part);
    expect(headers.join()).toContain('X-Gatepost-Reason,unknown_host');
  });

  test('is one line for a program, which names the address that is known', () => {
    const known = { ...decision, host: 'who.example.com:81', known: ['https://who.example.com'] };
    const request = makeRequest({ headers: { accept: 'application/json' } });
    const { body } = render(known, { request, capabilities: traefik.capabilities, requestId: 'id-1' });
    expect(body).toBe(
      'no application is configured for the host who.example.com:81, only for https://who.example.com\n',
    );
  });

  test('is one line for a program', () =>
    expect(asked({ accept: 'application/json' }, traefik).body).toBe(
      'no application is configured for the host who.example.com\n',
    ));
});

describe('a store, a provider or a limit that keeps a known site closed', () => {
  const asked = (decision: Decision, headers: AuthRequest['headers'], method = 'GET') =>
    render(decision, {
      request: makeRequest({ headers, method }),
      capabilities: traefik.capabilities,
      requestId: 'id-1',
    });
  const store = { kind: 'unavailable', reason: 'store_unavailable', application, cause: undefined } as const;
  const german = { 'sec-fetch-mode': 'navigate', 'accept-language': 'de-AT,de;q=0.9,en;q=0.5' };

  test.each([
    [store, 503, 'nicht abgemeldet', '5'],
    [{ ...store, reason: 'provider_unavailable' }, 503, 'Anmeldedienst', '5'],
    [{ ...store, reason: 'internal_error' }, 500, 'schiefgegangen', undefined],
    [{ kind: 'rate_limited', application, retryAfter: 23 }, 429, '23 Sekunden', '23'],
  ] as const)('is a page for a person, in their language, with a way to try again: %#', (decision, status, part, retry) => {
    const { status: sent, headers, body } = asked(decision, german);
    expect(sent).toBe(status);
    expect(body).toContain(part);
    expect(body).toContain('Noch einmal versuchen</a>');
    const at = headers.indexOf('Retry-After');
    expect(at < 0 ? undefined : headers[at + 1]).toBe(retry);
    expect(headers.join()).toContain('Content-Language,de,Vary,Accept-Language');
    expect(headers.length % 2).toBe(0);
  });

  test('the page of a form that was sent has no such link: what was in the form would be gone', () =>
    expect(asked(store, german, 'POST').body).not.toContain('<a '));

  test('is one line for a program', () =>
    expect(asked(store, { accept: 'application/json' }).body).toBe(
      'the session store cannot be reached, try again soon\n',
    ));
});
