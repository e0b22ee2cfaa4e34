/** curl, as docs/header-authentication.md has it: each example is taken from there and run. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nginx } from '../integration/nginx.ts';
import { traefik } from '../integration/traefik.ts';
import { cookies } from '../support/secrets.ts';
import { findTool, needTool } from '../support/tools.ts';
import { example } from './document.ts';
import { type Clients, fetchToken, startClients } from './setup.ts';

const usable = needTool('curl') !== undefined;
let clients: Clients;
const used: string[] = [];

beforeAll(async () => {
  clients = await startClients([nginx, traefik], { lines: { traefik: 'intercept_header_auth: true' } });
});
afterAll(() => clients?.stop());

describe.skipIf(!usable).each([nginx, traefik].filter(({ tool }) => needTool(tool)))(
  'curl through $name',
  ({ name }) => {
    const run = async (script: string, variables: Record<string, string> = {}) =>
      clients.shell(script, { APP_PASSWORD: clients.appPassword, CLIENT_ID: name, ...variables });
    const fromDocument = (heading: string, at: number) =>
      example(heading, at, { origin: clients.behind[name]!.origin, token: clients.token });
    const asked = () => clients.provider.counts.token;
    const address = (path: string) => `${clients.behind[name]!.origin}${path}`;

    test('a netrc file and a cookie jar: the cookie reaches the jar, and the provider is asked once', async () => {
      const before = asked();
      const script = fromDocument('curl', 1);
      expect(await run(`rm -f jar\n${script}\n${script.split('\n').at(-2)}`)).toMatchObject({
        status: 0,
        out: 'report for alice\nreport for alice\n',
      });
      const jar = (await run('cat jar')).out;
      expect(cookies(jar)).toHaveLength(1);
      expect((await run(`curl --silent --cookie jar ${address('/other')}`)).out).toBe('report for alice\n');
      expect(asked() - before).toBe(1);
      expect((await run('stat -c %a jar files.netrc')).out).toBe('600\n600\n');
    });

    test('an app password and a token open the door; a jar that comes later gets no cookie and needs none', async () => {
      const before = asked();
      const token = await fetchToken(clients, name);
      used.push(token);
      const ran = await run(fromDocument('curl', 0), { TOKEN: token });
      expect(ran).toMatchObject({ status: 0, out: 'report for alice\nreport for alice\n' });
      const late = await run(
        `curl --silent --cookie-jar late --user "alice:$APP_PASSWORD" ${address('/')} && cat late`,
      );
      expect(late.out).toMatch(/^report for alice\n/);
      expect(cookies(late.out)).toEqual([]);
      // One for the token that this test has fetched: the app password is known from the case before.
      expect(asked() - before).toBe(1);
      expect(clients.leaked()).toEqual([]);
    });

    test('no redirect: a wrong password is a 401 that says how', async () => {
      const right = await run(fromDocument('curl', 2));
      expect(right.out).toMatch(/^HTTP\/1.1 200 /);
      const wrong = await run(fromDocument('curl', 2), { APP_PASSWORD: 'wrong' });
      expect(wrong.out).toMatch(/^HTTP\/1.1 401 /);
      expect(wrong.out).toMatch(/^WWW-Authenticate: Basic realm="Files", charset="UTF-8"\r$/im);
      expect(wrong.out).not.toMatch(/^Set-Cookie/im);
    });

    test('a wrong password without that wish is a way to the login page, with intercept_header_auth a 401', async () => {
      const { out } = await run(`curl --silent --include --user alice:wrong-too ${address('/report.pdf')}`);
      expect(out).toMatch(name === 'traefik' ? /^HTTP\/1.1 401 / : /^HTTP\/1.1 302 /);
      if (name === 'traefik') expect(out).toMatch(/^WWW-Authenticate: Basic realm="Files"/im);
      else expect(out).toMatch(/^Location: .*\/outpost.goauthentik.io\/start\?rd=/im);
    });

    test("a feed reader's address with the password in it, percent-encoded", async () => {
      const address = clients.behind[name]!.origin.replace(
        '://',
        `://alice:${encodeURIComponent(clients.oddPassword)}@`,
      );
      expect((await run(`curl --silent "${address}/feed.xml"`)).out).toBe('report for alice\n');
    });

    test.skipIf(!findTool('jq'))('a CI job fetches its own token; one as a Basic password does as well', async () => {
      const script = `${fromDocument('CI scripts and monitors', 0).replace('username=ci', 'username=alice')}echo "$TOKEN"`;
      const [report, token] = (await run(script)).out.split('\n');
      expect(report).toBe('report for alice');
      used.push(token!);
      const basic = await run(fromDocument('CI scripts and monitors', 1), { TOKEN: token! });
      expect(basic.out).toBe('report for alice\n');
      const failing = await run(fromDocument('CI scripts and monitors', 0), { APP_PASSWORD: 'wrong' });
      expect(failing.status).toBe(22);
    });
  },
);

test('no log has a password, token or cookie; none of them reached the application', () => {
  expect(clients.logs()).toContain('"auth_method":"basic"');
  expect(clients.leaks(used)).toEqual([]);
  expect(clients.leaked()).toEqual([]);
});
