import { expect, test } from 'vitest';
import { compileApplication } from '../../src/decision/application.ts';
import type { Allow } from '../../src/decision/decision.ts';
import type { AuthRequest } from '../../src/decision/request.ts';
import type { Dialect } from '../../src/dialects/dialect.ts';
import { envoy } from '../../src/dialects/envoy.ts';
import { traefik } from '../../src/dialects/traefik.ts';
import { createAllow } from '../../src/responses/allow.ts';
import { makeApplication } from '../support/application.ts';
import { makeRequest } from '../support/auth_request.ts';
import { renderOptions } from './fixture.ts';

const application = compileApplication(makeApplication({ issuer: 'https://auth.example.com/' }));
const allow = createAllow(renderOptions());

function headersFor({ capabilities }: Dialect, sent: string | undefined, left: string | undefined, cookie?: string) {
  const request: AuthRequest = makeRequest({ authorization: sent, headers: { cookie } });
  const decision = { kind: 'allow', application, authorization: left } as const;
  const { headers } = allow(decision, { request, capabilities, requestId: 'id' });
  const names = headers.filter((_, index) => index % 2 === 0);
  return Object.fromEntries(names.map((name, index) => [name.toLowerCase(), headers[index * 2 + 1]]));
}

// Attack: an application behind Istio collects the app passwords that opened its door.
test('a response to Envoy names a consumed credential for removal', () => {
  expect(headersFor(envoy, 'Basic x', undefined)).toMatchObject({ 'x-envoy-auth-headers-to-remove': 'authorization' });
});

test('Envoy keeps a credential that is the application’s own, and hears nothing where there was none', () => {
  expect(headersFor(envoy, 'Basic x', 'Basic x')).toMatchObject({ authorization: 'Basic x' });
  expect(headersFor(envoy, 'Basic x', 'Basic x')).not.toHaveProperty('x-envoy-auth-headers-to-remove');
  expect(headersFor(envoy, undefined, undefined)).not.toHaveProperty('x-envoy-auth-headers-to-remove');
});

test('other proxies are not spoken to in Envoy’s words', () => {
  expect(headersFor(traefik, 'Basic x', undefined)).not.toHaveProperty('x-envoy-auth-headers-to-remove');
});

// Attack: an application collects the session cookies that Envoy passes on, and opens its neighbours with them.
test('a response to Envoy names a Cookie of which nothing is left for removal', () => {
  const removed = 'x-envoy-auth-headers-to-remove';
  expect(headersFor(envoy, undefined, undefined, 'authentik_proxy_x=y')).toMatchObject({ [removed]: 'cookie' });
  expect(headersFor(envoy, 'Basic x', undefined, 'authentik_proxy_x=y')).toMatchObject({
    [removed]: 'authorization,cookie',
  });
  const left = headersFor(envoy, undefined, undefined, 'a=b; authentik_proxy_x=y');
  expect(left).toMatchObject({ cookie: 'a=b' });
  expect(left).not.toHaveProperty(removed);
  expect(headersFor(traefik, undefined, undefined, 'authentik_proxy_x=y')).not.toHaveProperty(removed);
});

// Attack: a response that is kept for one client's cookies, and given to the next client of the same public path.
test('responses that are kept depend on the cookies, the credential, the proxy and the decision of the request', () => {
  const own = createAllow(renderOptions());
  const ask = (
    cookie?: string,
    { authorization, ...more }: Partial<Allow> = {},
    { capabilities }: Dialect = traefik,
  ) => {
    const request = makeRequest({ authorization, headers: { cookie } });
    const decision = { kind: 'allow', application, authorization, ...more } as const;
    const { headers } = own(decision, { request, capabilities, requestId: 'id' });
    const of = (name: string) => headers[headers.findIndex((one) => one.toLowerCase() === name) + 1 || headers.length];
    return [of('cookie'), of('authorization'), of('x-gatepost-reason'), of('x-envoy-auth-headers-to-remove')];
  };
  const session = 'authentik_proxy_x=y';
  for (const _ of [1, 2]) {
    expect(ask('a=1')).toEqual(['a=1', undefined, undefined, undefined]);
    expect(ask(`a=2; ${session}`)).toEqual(['a=2', undefined, undefined, undefined]);
    expect(ask(`a=2; ${session}`, { ownEndpoint: true })).toEqual([`a=2; ${session}`, undefined, undefined, undefined]);
    expect(ask(session)).toEqual([undefined, undefined, undefined, undefined]);
    expect(ask(session, {}, envoy)).toEqual([undefined, undefined, undefined, 'cookie']);
    expect(ask(undefined)).toEqual([undefined, undefined, undefined, undefined]);
    expect(ask('a=1', { authorization: 'Basic x' })).toEqual(['a=1', 'Basic x', undefined, undefined]);
    expect(ask('a=1', { reason: 'store_unavailable' })).toEqual(['a=1', undefined, 'store_unavailable', undefined]);
  }
});

test('the response of a session is the same object again, but not where the cookies are too long to be kept', () => {
  const own = createAllow(renderOptions());
  const ask = (cookie: string) => {
    const context = {
      request: makeRequest({ headers: { cookie } }),
      capabilities: traefik.capabilities,
      requestId: 'id',
    };
    return own({ kind: 'allow', application }, context);
  };
  expect(ask('a=1')).toBe(ask('a=1'));
  expect(ask('a=1').repeated).toBe(true);
  const long = `a=${'1'.repeat(5000)}`;
  expect(ask(long)).not.toBe(ask(long));
  expect(ask(long).repeated).toBeUndefined();
});

// Attack: a user with many sessions, or many users, fill the memory with what is kept of each.
test('only so many responses are kept, those that were made last', () => {
  const own = createAllow(renderOptions(), 2);
  const sites = ['a', 'b', 'c'].map((slug) =>
    compileApplication(makeApplication({ slug, issuer: 'https://auth.example.com/' })),
  );
  const context = { request: makeRequest(), capabilities: traefik.capabilities, requestId: 'id' };
  const ask = (site: number) => own({ kind: 'allow', application: sites[site]! }, context);
  const [a, b, c] = [ask(0), ask(1), ask(2)];
  expect([ask(1) === b, ask(2) === c]).toEqual([true, true]);
  expect(ask(0)).not.toBe(a);
  expect(ask(0)).toEqual(a);
  expect(ask(1)).not.toBe(b);
});
