import { expect, test } from 'vitest';
import { compileApplication } from '../../src/decision/application.ts';
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
