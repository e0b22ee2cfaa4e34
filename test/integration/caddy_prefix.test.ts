/** Caddy with an application below a path: `handle_path` takes the prefix off before the snippet asks. */
import { describe, expect, test } from 'vitest';
import { needTool } from '../support/tools.ts';
import { caddy } from './caddy.ts';
import { edit, withChange } from './proxy.ts';
import { useSite } from './started.ts';

const binary = needTool('caddy');

/** The shipped site, and the same application once more below /part/. */
const partly = withChange(caddy, (site) =>
  edit(site, 'site.caddy', (text) => {
    const route = /\troute \{[\s\S]*?\n\t\}/.exec(text)?.[0] ?? '';
    return text.replace(route, `\thandle_path /part/* {\n${route}\n\t}\n\thandle {\n${route}\n\t}`);
  }),
);

describe.skipIf(!binary)('behind handle_path', () => {
  const site = useSite(partly);

  // Attack: the rule that opens /public/ opens /part/public/, which is another page.
  test('the rules see the path that the client wrote, the application the one without the prefix', async () => {
    const seen = await site().watch(() => site().ask({ path: '/part/public/x' }));
    expect(seen).toEqual([]);
    expect((await site().ask({ path: '/public/x' })).seen?.url).toBe('/public/x');
    const { cookie } = await site().signIn();
    const page = await site().ask({ path: '/part/page?a=b', headers: [cookie] });
    expect(page.seen?.url).toBe('/page?a=b');
  });

  test('a login leads back to the whole URL', async () => {
    const { headers } = await site().ask({ path: '/part/page?a=b', headers: [['Accept', 'text/html']] });
    const start = `${site().origin}/outpost.goauthentik.io/start?rd=${encodeURIComponent(`${site().origin}/part/page?a=b`)}`;
    expect(headers.location).toBe(start);
  });

  test('an absolute request target, and one with the signs of a placeholder, are asked about as they are', async () => {
    for (const target of [`http://${site().host}/part/public/x`, `http://${site().host}/private`, '/{uri}/private']) {
      expect(await site().watch(() => site().ask({ path: target }))).toEqual([]);
    }
    const path = '/public/{http.request.host}/x?y={env.HOME}';
    for (const target of [path, `http://${site().host}${path}`]) {
      expect(decodeURI((await site().ask({ path: target })).seen?.url ?? '')).toBe(path);
    }
  });

  test("Gatepost's endpoints are not below the prefix", async () => {
    const answer = await site().ask({ path: '/part/outpost.goauthentik.io/ping' });
    expect(answer.status).toBe(404);
  });
});
