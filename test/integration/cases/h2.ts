/** HTTP/2 as browsers speak it and as an attacker does: no trick reaches a page without an auth request. */

import { expect, test } from 'vitest';
import { reached } from '../ask.ts';
import { sendFields } from '../frames.ts';
import type { TestedSite } from '../site.ts';
import { header } from '../upstream.ts';
import { type Fields, forger, get, paths, smuggled, wheres } from './malformed.ts';

export function h2Cases(site: () => TestedSite): void {
  const target = () => ({ port: site().port, ca: site().tls!.ca, servername: site().host.replace(/:\d+$/, '') });

  test('a program gets 401, a navigation the login, and with a session the page', async () => {
    const { origin } = site();
    const visit = await site().ask({ path: '/private?a=b', headers: [['accept', 'text/html']] });
    expect(visit.status).toBe(302);
    const start = `${origin}/outpost.goauthentik.io/start?rd=${encodeURIComponent(`${origin}/private?a=b`)}`;
    expect(visit.headers.location).toBe(start);
    const fetched = await site().ask({ path: '/private', headers: [['sec-fetch-mode', 'cors']] });
    expect(fetched.status).toBe(401);
    const { cookie } = await site().signIn();
    const seen = reached(await site().ask({ path: '/private?a=b', headers: [cookie] }));
    expect(seen).toMatchObject({ method: 'GET', url: '/private?a=b' });
    expect(header(seen, 'X-authentik-username')).toBe('alice');
    expect(header(seen, 'X-Forwarded-Proto')).toBe('https');
    expect(header(seen, 'Host')).toBe(site().host);
  });

  test('a cookie that is split into several fields arrives whole', async () => {
    const { cookie } = await site().signIn();
    const pieces: Fields = [
      ['cookie', 'a=b'],
      ['cookie', cookie[1]],
      ['cookie', 'c=d'],
    ];
    const seen = reached(await site().ask({ path: '/whoami', headers: pieces }));
    expect(header(seen, 'X-authentik-username')).toBe('alice');
  });

  test('frames written by hand pass where they are well-formed', async () => {
    const { cookie } = await site().signIn();
    const fields = get(site(), '/whoami', [['cookie', cookie[1]]]);
    const seen = await site().watch(async () => {
      expect(await sendFields(target(), fields)).toMatchObject({ end: 'answered' });
    });
    expect(seen).toMatchObject([{ method: 'GET', url: '/whoami' }]);
    const post = get(site(), '/public/x', [], { ':method': 'POST' });
    const posted = await site().watch(() => sendFields(target(), post, { body: 'hello' }));
    expect(posted).toMatchObject([{ method: 'POST', url: '/public/x', body: 5 }]);
  });

  // All at once: a proxy that ends a connection may take a second for it.
  test('malformed requests do not reach the application', async () => {
    const tricks = Object.entries({ ...paths(site()), ...wheres(site()) });
    const seen = await site().watch(() =>
      Promise.all(
        tricks.map(([name, fields]) => sendFields(target(), [...fields, ['x-case', name]], { patience: 3_000 })),
      ),
    );
    expect(seen.map((one) => header(one, 'x-case') ?? one)).toEqual([]);
  });

  test('nothing hidden in a request for a public page becomes an identity or a second request', async () => {
    const tricks = Object.entries(smuggled(site()));
    const seen = await site().watch(() =>
      Promise.all(
        tricks.map(([name, { fields, body }]) =>
          sendFields(target(), [...fields, ['x-case', name]], { body, patience: 3_000 }),
        ),
      ),
    );
    const odd = seen.filter((one) => one.url !== '/public/x' || JSON.stringify(one).includes(forger));
    expect(odd).toEqual([]);
  });
}
