/** docs/recipes/home-lab.md: the Compose file that its reader gets, by the Compose specification's schema. */
import { rmSync } from 'node:fs';
import { load } from 'js-yaml';
import { afterAll, expect, test } from 'vitest';
import { changesOf } from '../../src/cli/snippet/docs_diff.ts';
import { parseConfig } from '../../src/config/load.ts';
import { configFile, gatepost } from '../cli/fixture.ts';
import { validate } from '../compose/schema.ts';
import { configText, gatepostCommand, textOf } from './page.ts';

const { folder, file } = configFile(configText('home-lab'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the page's command prints, with the page's changes. */
async function composeFile() {
  const words = gatepostCommand('home-lab', 'snippet');
  expect(words.slice(-2)).toEqual(['>', 'compose.yaml']);
  const { code, out, errors } = await gatepost([...words.slice(0, -2), '--config', file]);
  expect(code, errors).toBe(0);
  const changes = changesOf(textOf('home-lab'), (heading) => heading === 'compose.yaml');
  return load(changes.reduce((text, { change }) => change(text), out)) as {
    services: Record<
      string,
      { image: string; networks: string[]; labels?: Record<string, string>; volumes?: string[] }
    >;
    volumes: Record<string, unknown>;
  };
}

test('the page has a Compose file, once it is changed as it says', async () => {
  const compose = await composeFile();
  expect(validate(compose)).toEqual([]);
  const images = Object.values(compose.services).map(({ image }) => image);
  expect(images).toEqual([
    expect.stringMatching(/^traefik:/),
    'gatepost',
    'traefik/whoami',
    'photoprism/photoprism',
    'ghcr.io/home-assistant/home-assistant:stable',
  ]);
  expect(Object.keys(compose.volumes)).toEqual(['acme', 'state']);
});

test('each site is protected, and in a network of its own', async () => {
  const { services } = await composeFile();
  const { traefik, gatepost: server, ...sites } = services;
  expect(Object.keys(sites)).toEqual(['home', 'photos-example-com', 'lights-example-com']);
  for (const [name, { networks, labels }] of Object.entries(sites)) {
    expect(networks).toEqual([name]);
    expect(labels).toMatchObject({ [`traefik.http.routers.${name}.middlewares`]: 'gatepost' });
  }
  expect(traefik!.networks).toEqual(['gatepost', ...Object.keys(sites)]);
  expect(server!.networks).toEqual(['gatepost']);
});

test('what the configuration needs is mounted: its folder, so that it is watched, and where sessions are kept', async () => {
  const { services } = await composeFile();
  const config = parseConfig(configText('home-lab'));
  expect(config.watch).toBe(true);
  const targets = services.gatepost!.volumes!.map((volume) => volume.split(':')[1]!);
  expect(targets).toContain('/etc/gatepost');
  expect(targets.some((target) => config.store.startsWith(`file://${target}/`))).toBe(true);
});
