/** What docs/header-authentication.md adds to each proxy's files for programs that wait for a challenge; docker is one. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../integration/ask.ts';
import { caddy } from '../integration/caddy.ts';
import { envoy } from '../integration/envoy.ts';
import { haproxy } from '../integration/haproxy.ts';
import { nginx } from '../integration/nginx.ts';
import { traefik } from '../integration/traefik.ts';
import { needTool } from '../support/tools.ts';
import { example } from './document.ts';
import { restartForPrograms } from './recipe.ts';
import { type Clients, startClients } from './setup.ts';

const all = [nginx, traefik, caddy, envoy, haproxy];
const proxies = all.filter(({ tool }) => needTool(tool));

/**
 * From 28 on the docker client logs in by itself where it has no engine; no test needs an engine, or has one. No package
 * has that client alone: one that is missing is said aloud, and is no failure with `CI=true` either.
 */
function hasDocker(): boolean {
  let version = 'none';
  try {
    version = execFileSync('docker', ['--version'], { encoding: 'utf8' }).trim();
  } catch {
    // As with one that is too old.
  }
  if (Number.parseInt(version.match(/\d+/)?.[0] ?? '0', 10) >= 28) return true;
  process.stderr.write(
    `\n*** SKIPPED: docker login needs a docker client 28 or newer on PATH, there is ${version} ***\n\n`,
  );
  return false;
}

const docker = hasDocker();
let clients: Clients;

beforeAll(async () => {
  clients = await startClients(all);
});
afterAll(() => clients?.stop());

describe.each(proxies)('$name with the lines for programs', (proxy) => {
  const { name } = proxy;
  const open = (path: string, headers: [string, string][] = []) => {
    const { port } = clients.behind[name]!.site;
    return ask(port, { host: `localhost:${port}`, path, headers: [['Accept', '*/*'], ...headers] });
  };
  const withPassword = (password: string): [string, string] => [
    'Authorization',
    `Basic ${Buffer.from(`alice:${password}`).toString('base64')}`,
  ];
  const places = ['/v2/', '/dav', '/dav/a/b', '/project.git/info/refs?service=git-upload-pack'];

  test('before: an anonymous program is sent to the login page', async () => {
    for (const path of places) expect((await open(path)).status).toBe(302);
  });

  test('programs are asked for a password on their addresses, people go to the login page on all others', async () => {
    await restartForPrograms(proxy, clients.behind[name]!);
    for (const path of places) {
      const answer = await open(path);
      expect([path, answer.status, answer.headers.location]).toEqual([path, 401, undefined]);
      expect(answer.headers['www-authenticate']).toBe('Basic realm="Files", charset="UTF-8"');
    }
    for (const path of ['/', '/v2x', '/davos', '/x?y=/v2/', '/x?y=a.git/b', '/project.gitx/']) {
      const answer = await open(path);
      expect([path, answer.status, answer.headers['www-authenticate']]).toEqual([path, 302, undefined]);
    }
  });

  test('the header that asks for the challenge does not reach the application, and grants nothing', async () => {
    const before = clients.arrived.length;
    expect((await open('/v2/', [withPassword('wrong')])).status).toBe(401);
    expect(clients.arrived).toHaveLength(before);
    expect((await open('/v2/', [withPassword(clients.appPassword)])).status).toBe(200);
    expect(clients.arrived.at(-1)?.headers).not.toHaveProperty('x-authentik-no-redirect');
    expect(clients.leaked()).toEqual([]);
  });

  test.skipIf(!docker)('docker logs in with the app password, and with no other', async () => {
    const script = example('docker login', 0, { origin: clients.behind[name]!.origin, token: '' });
    const variables = { DOCKER_HOST: `unix://${clients.home}/none`, DOCKER_CONFIG: `${clients.home}/docker-${name}` };
    const wrong = await clients.shell(script, { APP_PASSWORD: 'wrong for docker', ...variables });
    expect(wrong.status, wrong.error).toBe(1);
    expect(wrong.error).toMatch(/401 Unauthorized/);
    const right = await clients.shell(script, { APP_PASSWORD: clients.appPassword, ...variables });
    expect([right.status, right.out], right.error).toEqual([0, expect.stringContaining('Login Succeeded')]);
    expect(clients.leaked()).toEqual([]);
  });
});

test('no log has the password', () => {
  expect(clients.leaks()).toEqual([]);
});
