/** nginx Proxy Manager: the same cases as for the other proxies, and what its switches add. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needTool } from '../support/tools.ts';
import { nginxProxyManager } from './nginx_proxy_manager.ts';
import { startSite, type TestedSite } from './site.ts';
import { proxySuite } from './site_suite.ts';
import { startWorld, type World } from './world.ts';

proxySuite([nginxProxyManager], ['single']);

const binary = needTool('nginx');

describe.skipIf(!binary)('the switches of a proxy host', () => {
  let world: World;
  let site: TestedSite;
  beforeAll(async () => {
    world = await startWorld([nginxProxyManager.name]);
    site = await startSite(world, nginxProxyManager, binary!, 'single');
  });
  afterAll(async () => {
    await site?.stop();
    await world?.close();
  });

  // Attack: the location of "Cache Assets" comes before "location /", and /admin/users.js is served without an auth request.
  test('"Cache Assets" opens nothing, whether or not the file is in the cache', async () => {
    const path = '/private/users.js';
    const refused = async () => {
      const answer = await site.ask({ path, headers: [['Accept', 'application/json']] });
      expect([answer.status, answer.seen]).toEqual([401, undefined]);
    };
    await refused();
    const { cookie } = await site.signIn();
    expect((await site.ask({ path, headers: [cookie] })).seen?.url).toBe(path);
    await refused();
  });

  test('"Block Common Exploits" stays a 403 of nginx', async () => {
    const { cookie } = await site.signIn();
    const answer = await site.ask({ path: '/x?a=proc/self/environ', headers: [cookie] });
    expect([answer.status, answer.text]).toEqual([403, expect.stringContaining('403 Forbidden')]);
  });
});
