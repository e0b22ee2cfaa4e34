import { expect, test } from 'vitest';
import { compileApplication } from '../../src/decision/application.ts';
import type { Allow } from '../../src/decision/decision.ts';
import type { AuthRequest } from '../../src/dialects/dialect.ts';
import { envoy } from '../../src/dialects/envoy.ts';
import { traefik } from '../../src/dialects/traefik.ts';
import { allow } from '../../src/responses/allow.ts';
import type { RenderOptions } from '../../src/responses/render.ts';
import { makeApplication } from '../support/application.ts';

const application = compileApplication(makeApplication({ issuer: 'https://auth.example.com/' }));
const options = {
  outpost: 'gatepost',
  jwksUri: () => '',
  now: () => 0,
  onRefusedHeader() {},
} as unknown as RenderOptions;

function headersFor(dialect: { removal?: string }, sent: string | undefined, left: string | undefined) {
  const question = { authorization: sent, removal: dialect.removal } as AuthRequest;
  const { headers } = allow(question, { kind: 'allow', application, authorization: left } as Allow, options);
  const names = headers.filter((_, index) => index % 2 === 0);
  return Object.fromEntries(names.map((name, index) => [name.toLowerCase(), headers[index * 2 + 1]]));
}

// Attack: an application behind Istio collects the app passwords that opened its door.
test('Envoy is told to remove a credential that was used', () => {
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
