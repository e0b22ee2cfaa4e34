/** SWAG: the same cases as for the other proxies, and the locations that its proxy-confs leave open. */
import { describe, expect, test } from 'vitest';
import { needTool } from '../support/tools.ts';
import { proxySuite } from './site_suite.ts';
import { useSite } from './started.ts';
import { swag } from './swag.ts';
import { header } from './upstream.ts';

proxySuite([swag]);

const binary = needTool('nginx');
const json: [string, string] = ['Accept', 'application/json'];

describe.skipIf(!binary)('the sites of SWAG', () => {
  const site = useSite(swag);

  // Attack: many proxy-confs have a second location, for an API, that nobody thinks of.
  test('a location without authentik-location.conf is protected as well', async () => {
    const none = await site().ask({ path: '/api/users', headers: [json] });
    expect([none.status, none.seen]).toEqual([401, undefined]);
    const { cookie } = await site().signIn();
    expect((await site().ask({ path: '/api/users', headers: [cookie] })).seen?.url).toBe('/api/users');
  });

  // Attack: "server_name app.*;" takes every host that begins so, and the client's Host would select the rules of another one.
  // Here the other one, "wide" and all below the site's name, is open.
  test('a client cannot select the access rules of another host that a server takes', async () => {
    const [name = '', port] = site().host.split(':');
    const first = name.split('.')[0];
    const { cookie } = await site().signIn();
    const hosts = [`${first}.${name}`, `${first}.x.localhost`, `${first}.evil.example`, `${first}.x.elsewhere.example`];
    for (const host of [...hosts, `wide.${name}`]) {
      for (const path of ['/private', '/public/x', '/api/x', '/folder/x', '/outpost.goauthentik.io/start']) {
        const answer = await site().ask({ host: `${host}:${port}`, path, headers: [cookie] });
        expect([host, path, answer.status, answer.seen]).toEqual([host, path, 421, undefined]);
      }
    }
    expect((await site().ask({ path: `http://${first}.${name}:${port}/private`, headers: [json] })).status).toBe(421);
  });

  test('a second domain, and the server of the subfolders, are asked about by their own hosts', async () => {
    const [name = '', port] = site().host.split(':');
    for (const [host, path] of [
      [`${name.split('.')[0]}.elsewhere.example`, '/public/x'],
      ['elsewhere.example', '/folder/x'],
    ]) {
      const answer = await site().ask({ host: `${host}:${port}`, path: `${path}`, headers: [json] });
      expect([answer.status, answer.seen]).toEqual([403, undefined]);
      expect(answer.text).toContain(`${host}:${port}`);
    }
  });

  // Attack: without the file for the server nothing asks Gatepost.
  test('a site that includes the file for locations alone is closed', async () => {
    const { cookie } = await site().signIn();
    const port = site().host.split(':')[1];
    const answer = await site().ask({ host: `half.localhost:${port}`, path: '/public/x', headers: [cookie] });
    expect([answer.status, answer.seen]).toEqual([500, undefined]);
  });

  test('a site without Gatepost gets its own host and the whole Cookie header', async () => {
    const host = `plain.elsewhere.example:${site().host.split(':')[1]}`;
    const { seen } = await site().ask({ host, path: '/x', headers: [['Cookie', 'a=1']] });
    expect(seen && [header(seen, 'Host'), header(seen, 'Cookie')]).toEqual(['plain.elsewhere.example', 'a=1']);
  });

  test("the server's own response headers stay, as those of SWAG's ssl.conf", async () => {
    const { cookie } = await site().signIn();
    expect((await site().ask({ path: '/x', headers: [cookie] })).headers['x-frame-options']).toBe('SAMEORIGIN');
  });
});
