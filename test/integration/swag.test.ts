/** SWAG: the same cases as for the other proxies, and the locations that its proxy-confs leave open. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needTool } from '../support/tools.ts';
import { startSite, type TestedSite } from './site.ts';
import { proxySuite } from './site_suite.ts';
import { swag } from './swag.ts';
import { startWorld, type World } from './world.ts';

proxySuite([swag], ['single']);

const binary = needTool('nginx');

describe.skipIf(!binary)('a location without authentik-location.conf', () => {
  let world: World;
  let site: TestedSite;
  beforeAll(async () => {
    world = await startWorld([swag.name]);
    site = await startSite(world, swag, binary!, 'single');
  });
  afterAll(async () => {
    await site?.stop();
    await world?.close();
  });

  // Attack: many proxy-confs have a second location, for an API, that nobody thinks of.
  test('is protected as well', async () => {
    const none = await site.ask({ path: '/api/users', headers: [['Accept', 'application/json']] });
    expect([none.status, none.seen]).toEqual([401, undefined]);
    const { cookie } = await site.signIn();
    expect((await site.ask({ path: '/api/users', headers: [cookie] })).seen?.url).toBe('/api/users');
  });
});
