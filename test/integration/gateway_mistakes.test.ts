/** Where a resource of Envoy Gateway or Istio is missing or wrong, requests are refused, and no credential gets further. */

import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { VERSIONS } from '../../scripts/tools.ts';
import { needTool } from '../support/tools.ts';
import { reached } from './ask.ts';
import * as eg from './envoy_gateway.ts';
import * as mesh from './istio.ts';
import type { Site, TestedProxy } from './proxy.ts';
import { startSite, type TestedSite } from './site.ts';
import { fieldsOf, startStaticEnvoy } from './static_envoy.ts';
import { header } from './upstream.ts';
import { startWorld, type World } from './world.ts';

const egctl = needTool('egctl');
const istioXds = needTool('istio-xds');
needTool('envoy');
const credential: [string, string] = ['Authorization', `Basic ${Buffer.from('alice:app-alice').toString('base64')}`];

let world: World;
let site: TestedSite | undefined;
beforeAll(async () => {
  world = await startWorld([eg.envoyGateway.name, mesh.istio.name]);
});
afterEach(async () => {
  await site?.stop();
  site = undefined;
});
afterAll(() => world?.close());

/** Takes the resources of a kind out of a file. */
function leaveOut(at: Site, file: string, kind: string): void {
  const path = join(at.directory, file);
  const parts = readFileSync(path, 'utf8').split('\n---\n');
  const left = parts.filter((part) => !part.includes(`\nkind: ${kind}\n`));
  expect(left.length).toBeLessThan(parts.length);
  writeFileSync(path, left.join('\n---\n'));
}

test('the versions that the pages name are those that were built', () => {
  const pinned = (folder: string) => readFileSync(new URL(`${folder}/go.mod`, import.meta.url), 'utf8');
  expect(pinned('envoy_gateway')).toContain(`github.com/envoyproxy/gateway v${VERSIONS.egctl}`);
  expect(pinned('istio')).toContain('istio.io/istio v0.0.0-20260827');
});

const KEYS = JSON.stringify({ keys: [{ kty: 'oct', kid: 'a', k: 'AAAA' }] });

/** A site that is only translated, never started. */
const filled = () => ({
  mode: 'forward_single' as const,
  directory: mkdtempSync(join(tmpdir(), 'gatepost-istio-')),
  port: 8000,
  gatepost: 9000,
  upstream: 8080,
  cookie: 'x',
});

/** Everything that could let a visitor in. */
async function askAll(at: TestedSite) {
  const paths = ['/private', '/public/x', '/outpost.goauthentik.io/auth/envoy/x'];
  return Promise.all(paths.map((path) => at.ask({ path, headers: [credential] })));
}

describe.skipIf(!egctl)('Envoy Gateway', () => {
  const changed = (edit: (at: Site) => void, said: unknown[] = []): TestedProxy => ({
    ...eg.envoyGateway,
    start(binary, at) {
      eg.prepare(at);
      edit(at);
      const { resources, xds } = eg.translate(binary, at);
      said.push(...eg.refusals(resources));
      return startStaticEnvoy(xds, at);
    },
  });

  test('without the ReferenceGrant no request passes, and Envoy Gateway says why', async () => {
    const said: unknown[] = [];
    const proxy = changed((at) => leaveOut(at, 'gatepost.yaml', 'ReferenceGrant'), said);
    site = await startSite(world, proxy, egctl!, 'single');
    const seen = await site.watch(async () => {
      expect((await askAll(site!)).map(({ status }) => status)).toEqual([500, 500, 404]);
    });
    expect(seen).toEqual([]);
    expect(JSON.stringify(said)).toContain('not permitted by any ReferenceGrant');
  });

  // Attack: the session that an app password has made, for an application that reads the header Set-Cookie of a request.
  test('without the Lua policy the session of an app password reaches neither the application nor the client', async () => {
    const proxy = changed((at) => leaveOut(at, 'site.yaml', 'EnvoyExtensionPolicy'));
    site = await startSite(world, proxy, egctl!, 'single');
    const answer = await site.ask({ path: '/whoami', headers: [credential] });
    expect(header(reached(answer), 'X-authentik-username')).toBe('alice');
    expect(header(reached(answer), 'Set-Cookie')).toBeUndefined();
    expect(header(reached(answer), 'Authorization')).toBeUndefined();
    expect(answer.cookies).toEqual([]);
  });

  // Attack: a session of the attacker for everybody whom a page makes send this header.
  test('a Set-Cookie that a client sends comes back to nobody', async () => {
    site = await startSite(world, eg.envoyGateway, egctl!, 'single');
    const answer = await site.ask({ path: '/public/x', headers: [['Set-Cookie', 'a=planted']] });
    expect(answer.text).not.toContain('planted');
    expect(answer.cookies).toEqual([]);
  });
});

describe.skipIf(!istioXds)('Istio', () => {
  const changed = (edit: (at: Site) => void): TestedProxy => ({
    ...mesh.istio,
    start: (binary, at) => mesh.istio.start(binary, at, () => edit(at)),
  });

  test('where the MeshConfig has no such provider, no request passes', async () => {
    const proxy = changed((at) => writeFileSync(join(at.directory, 'mesh-config.yaml'), '{}\n'));
    site = await startSite(world, proxy, istioXds!, 'single');
    const seen = await site.watch(async () => {
      for (const { status } of await askAll(site!)) expect(status).toBeGreaterThanOrEqual(403);
    });
    expect(seen).toEqual([]);
  });

  test('without the EnvoyFilter the twelve headers are still those of Gatepost', async () => {
    const proxy = changed((at) => leaveOut(at, 'gatepost.yaml', 'EnvoyFilter'));
    site = await startSite(world, proxy, istioXds!, 'single');
    const forged: [string, string][] = ['username', 'groups', 'uid'].map((name) => [`X-authentik-${name}`, 'evil']);
    const { seen } = await site.ask({ path: '/public/x', headers: forged });
    expect(JSON.stringify(seen)).not.toContain('evil');
  });

  test('a RequestAuthentication reads the request after Gatepost was asked, as its page says', () => {
    const at: Site = { ...filled(), hosts: ['app.localhost'] };
    mesh.prepare(at);
    const spec = { selector: { matchLabels: { istio: 'ingressgateway' } }, jwtRules: [{ issuer: 'x', jwks: KEYS }] };
    const jwt = { kind: 'RequestAuthentication', metadata: { name: 'jwt', namespace: 'istio-system' }, spec };
    appendFileSync(
      join(at.directory, 'site.yaml'),
      `\n---\n${JSON.stringify({ apiVersion: 'security.istio.io/v1', ...jwt })}\n`,
    );
    const { listeners } = mesh.translate(istioXds!, at);
    const filters = fieldsOf(listeners, 'filterChains', 'filters', 'typedConfig', 'httpFilters').map(
      ({ name }) => name,
    );
    const kinds = ['rbac', 'ext_authz', 'jwt_authn'].map((kind) => `envoy.filters.http.${kind}`);
    expect(filters.filter((name) => name === 'gatepost.strip' || kinds.includes(String(name)))).toEqual([
      'gatepost.strip',
      ...kinds,
    ]);
    rmSync(at.directory, { recursive: true });
  });

  test('a policy for a host without its port, as the comment in the file warns, opens the host with a port', async () => {
    const proxy = changed((at) => {
      const path = join(at.directory, 'gatepost.yaml');
      const text = readFileSync(path, 'utf8');
      const rule = '        - operation:\n';
      expect(text).toContain(rule);
      writeFileSync(path, text.replace(rule, `${rule}            hosts: ["${at.hosts[0]}:${at.port}"]\n`));
    });
    site = await startSite(world, proxy, istioXds!, 'single');
    const name = site.host.replace(/:\d+$/, '');
    expect((await site.ask({ path: '/private' })).seen).toBeUndefined();
    expect((await site.ask({ path: '/private', host: `${name}:81` })).seen?.url).toBe('/private');
  });
});
