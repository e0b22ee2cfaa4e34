/** WebDAV, as docs/header-authentication.md has it: rclone, which sends its password at once, and cadaver, which waits. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nginx } from '../integration/nginx.ts';
import { freePort, type Running, startProgram } from '../integration/program.ts';
import { traefik } from '../integration/traefik.ts';
import { needTool } from '../support/tools.ts';
import { example } from './document.ts';
import { restartForPrograms } from './recipe.ts';
import { type Clients, fetchToken, startClients } from './setup.ts';

const [rclone, cadaver] = [needTool('rclone'), needTool('cadaver')];
const proxies = [nginx, traefik].filter(({ tool }) => needTool(tool));
let clients: Clients;
let webdav: Running | undefined;
const used: string[] = [];

const inHome = (...parts: string[]) => join(clients.home, ...parts);

beforeAll(async () => {
  clients = await startClients([nginx, traefik]);
  if (!rclone) return;
  for (const folder of ['served', 'photos']) mkdirSync(inHome(folder));
  const port = await freePort();
  const parameters = ['serve', 'webdav', 'served', '--addr', `127.0.0.1:${port}`, '--baseurl', '/dav', '--config', ''];
  webdav = await startProgram(rclone, parameters, { port, directory: clients.home });
  clients.serveWebdav(port);
});
afterAll(async () => {
  await webdav?.stop();
  await clients?.stop();
});

describe.skipIf(!rclone || !cadaver).each(proxies)('WebDAV through $name', (proxy) => {
  const { name } = proxy;
  const run = (script: string, variables: Record<string, string> = {}) =>
    clients.shell(script, { APP_PASSWORD: clients.appPassword, RCLONE_CONFIG: inHome(`${name}.conf`), ...variables });
  const origin = () => clients.behind[name]!.origin;
  const fromDocument = (at: number) => example('rclone and other WebDAV clients', at, { origin: origin(), token: '' });

  test('rclone copies, moves and removes with an app password, and the provider is asked once', async () => {
    const before = clients.provider.counts.token;
    for (let n = 0; n < 5; n++) writeFileSync(inHome('photos', `${name} ${n} ä.jpg`), `picture ${n}`);
    const more = `rclone moveto "files:photos/${name} 1 ä.jpg" files:photos/${name}.jpg
      rclone deletefile "files:photos/${name} 2 ä.jpg"`;
    const ran = await run(`${fromDocument(0)}${more}`);
    expect(ran, ran.error).toMatchObject({ status: 0 });
    expect(readFileSync(inHome('served/photos', `${name}.jpg`), 'utf8')).toBe('picture 1');
    expect(clients.provider.counts.token - before).toBe(1);
    expect(clients.leaked()).toEqual([]);
  });

  test('rclone with a token', async () => {
    const token = await fetchToken(clients, name);
    used.push(token);
    const ran = await run(fromDocument(1), { TOKEN: token });
    expect(ran.out).toContain(`${name}.jpg\n`);
    expect(clients.leaked()).toEqual([]);
  });

  test('rclone with a wrong password gets 401', async () => {
    const ran = await run(fromDocument(0), { APP_PASSWORD: 'wrong' });
    expect(ran.status).not.toBe(0);
    expect(ran.error).toMatch(/401 Unauthorized/);
  });

  const list = () => run(`printf 'ls photos\\nquit\\n' | cadaver ${origin()}/dav/`);

  test('cadaver waits to be asked: in vain without the challenge', async () => {
    writeFileSync(inHome('.netrc'), `machine localhost login alice password ${clients.appPassword}\n`, { mode: 0o600 });
    expect((await list()).out).not.toContain(`${name}.jpg`);
  });

  test('cadaver logs in after the challenge', async () => {
    await restartForPrograms(proxy, clients.behind[name]!);
    expect((await list()).out).toContain(`${name}.jpg`);
    expect(clients.leaked()).toEqual([]);
  });
});

test('no log has a password or token', () => {
  expect(clients.leaks(used)).toEqual([]);
});
