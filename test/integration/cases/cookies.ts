/** `Cookie` through the proxy: the application gets the client's own, and none of Gatepost's. */

import { expect, test } from 'vitest';
import { reached } from '../ask.ts';
import type { TestedSite } from '../site.ts';
import { header, type Seen } from '../upstream.ts';
import { openSocket } from './traffic.ts';

const others = 'theme=dark; sid=a=b==; q="x\\y, z"; b={env.PATH}; c=%REQ(:path)%; d=$gatepost_host; e=';
const login = 'gatepost_login_0badcafe=x.1; __Host-gatepost_login_0badcafe=x.1';

export function cookieCases(site: () => TestedSite): void {
  const cookies = async (...headers: [string, string][]) => {
    const seen = reached(await site().ask({ path: '/whoami', headers }));
    return [header(seen, 'X-authentik-username'), header(seen, 'Cookie')];
  };

  // Attack: the least trusted application of a domain acts as its visitors on all the others.
  test('the session cookie does not reach the application, and the others do, byte for byte', async () => {
    const [, session] = (await site().signIn()).cookie;
    expect(await cookies(['Cookie', session])).toEqual(['alice', undefined]);
    expect(await cookies(['Cookie', `${session}; ${others}`])).toEqual(['alice', others]);
    expect(await cookies(['Cookie', `theme=dark; ${session}; ${login}; x=y`])).toEqual(['alice', 'theme=dark; x=y']);
    expect(await cookies(['Cookie', `${others}; authentik_proxy_00000000=z; ${session}`])).toEqual(['alice', others]);
    const lines: [string, string][] = [
      ['Cookie', 'a=b'],
      ['Cookie', session],
      ['Cookie', 'c=d'],
    ];
    if (site().tls || site().proxy.limits?.cookieLines !== false) {
      expect(await cookies(...lines)).toEqual(['alice', 'a=b; c=d']);
      return;
    }
    // Nobody is known then, and the session cookie reaches the application no more for it.
    expect((await site().ask({ path: '/whoami', headers: lines })).seen).toBeUndefined();
    const open = await site().ask({ path: '/public/x', headers: lines });
    expect(header(reached(open), 'Cookie')).toMatch(/^a=b, ?c=d$/);
  });

  test('… nor on open paths, also where no session is known', async () => {
    const [, session] = (await site().signIn()).cookie;
    for (const path of ['/public/x', '/optional/x']) {
      for (const own of [session, `${site().cookie}=unknown`, login]) {
        const seen = reached(await site().ask({ path, headers: [['Cookie', `a=b; ${own}`]] }));
        expect([path, header(seen, 'Cookie')]).toEqual([path, 'a=b']);
        const alone = await site().ask({ path, headers: [['Cookie', own]] });
        expect([path, header(reached(alone), 'Cookie')]).toEqual([path, undefined]);
      }
    }
  });

  test('… nor with a preflight, an upload or a WebSocket', async () => {
    const [, session] = (await site().signIn()).cookie;
    const cookie: [string, string] = ['Cookie', `${session}; a=b`];
    const preflight: [string, string][] = [
      ['Origin', 'https://other.example'],
      ['Access-Control-Request-Method', 'PUT'],
    ];
    const asked = await site().ask({ method: 'OPTIONS', path: '/file', headers: [...preflight, ['Cookie', login]] });
    expect(asked.seen).toMatchObject({ method: 'OPTIONS', url: '/file' });
    expect(header(reached(asked), 'Cookie')).toBeUndefined();
    const body = Buffer.alloc(300_000, 'x');
    const sent = await site().ask({ method: 'POST', path: '/upload', headers: [cookie], body });
    expect(sent.seen).toMatchObject({ method: 'POST', body: body.length });
    expect(header(reached(sent), 'Cookie')).toBe('a=b');
    const socket = (await openSocket(site(), { Cookie: cookie[1] })) as Seen;
    expect(header(socket, 'X-authentik-username')).toBe('alice');
    expect(header(socket, 'Cookie')).toBe('a=b');
  });
}
