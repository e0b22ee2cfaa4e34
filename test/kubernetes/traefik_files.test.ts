/** kubernetes/traefik/ says the same as traefik/: one protection, in two forms. */
import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import { type Fields, fieldsOf } from '../integration/static_envoy.ts';
import { readManifests } from './api.ts';
import { part, readText, theOne } from './files.ts';

const modes = ['forward_single', 'forward_domain'] as const;
const middlewares = readManifests(readText('kubernetes/traefik/middlewares.yaml'));

/** The dynamic configuration of a file of traefik/. */
const dynamic = (mode: string) => part({ file: load(readText(`traefik/${mode}.yml`)) }, 'file', 'http');
const specOf = (name: string) => part(theOne(middlewares, 'Middleware', name), 'spec');

test.each(modes)('the middlewares are those of traefik/%s.yml', (mode) => {
  const files = part(dynamic(mode), 'middlewares');
  expect(specOf('gatepost-headers')).toEqual(files['gatepost-headers']);
  const auth = structuredClone(part(files, 'gatepost-auth'));
  part(auth, 'forwardAuth').address =
    'http://gatepost.gatepost.svc.cluster.local:9000/outpost.goauthentik.io/auth/traefik';
  expect(specOf('gatepost-auth')).toEqual(auth);
  const names = fieldsOf(specOf('gatepost'), 'chain', 'middlewares').map(({ name }) => name);
  expect({ chain: { middlewares: names } }).toEqual(files.gatepost);
  const routes = readManifests(readText(`kubernetes/traefik/${mode}.yaml`));
  expect(part(theOne(routes, 'Middleware', 'gatepost-not-found'), 'spec')).toEqual(files['gatepost-not-found']);
});

test.each(modes)('the routes are those of traefik/%s.yml', (mode) => {
  const routers = Object.values(part(dynamic(mode), 'routers')).flatMap((one) => fieldsOf(one));
  const objects = readManifests(readText(`kubernetes/traefik/${mode}.yaml`));
  const routes = fieldsOf(objects, 'spec', 'routes');
  const seen = routes.map(({ match, priority, middlewares: names, services }: Fields) => ({
    rule: match,
    ...(priority !== undefined && { priority }),
    ...(names !== undefined && { middlewares: fieldsOf(names).map(({ name }) => name) }),
    service: fieldsOf(services)[0]?.name,
  }));
  expect(seen).toEqual(routers);
});

test('no object names one of another namespace', () => {
  for (const file of ['middlewares', ...modes, 'ingress']) {
    const text = readText(`kubernetes/traefik/${file}.yaml`).replaceAll(/^metadata:.*|^ {2}namespace:.*/gm, '');
    expect(text.replaceAll(/^ *#.*/gm, ''), file).not.toContain('namespace');
  }
});
