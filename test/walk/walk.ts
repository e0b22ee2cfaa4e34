/**
 * A newcomer's first hour, from an empty folder: the package, `init`, `check`, `doctor`, `snippet`, nginx, `serve`, a login in
 * Chromium, a refusal, `explain`, another rule, SIGHUP, the visitor's page, a sign-out. Every step is what a person would type or click.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { startChromium } from '../integration/chromium.ts';
import { startNginx } from '../integration/nginx.ts';
import { freePort } from '../integration/program.ts';
import { fill, type Site } from '../integration/proxy.ts';
import { startUpstream } from '../integration/upstream.ts';
import { startProvider } from '../support/provider.ts';
import { waitUntil } from '../support/wait.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const CLIENT_SECRET = 'the-secret-of-the-client-wiki';

export interface WalkOptions {
  nginx: string;
  chromium: string;
  /** Hears of each step: a sentence, and what a command said. */
  say(step: string, said?: string): void;
  /** A folder for screenshots. */
  shots?: string | undefined;
}

/** What a person sees on the way; the test holds it against what is right. */
export interface Walk {
  packed: string[];
  installed: string;
  check: Outcome;
  doctor: Outcome;
  login: string;
  firstPage: string;
  refusal: string;
  explainBefore: Outcome;
  explainAfter: Outcome;
  reloaded: string;
  letIn: string;
  through: Outcome;
  ownPage: string;
  sessions: Outcome;
  signedOut: string;
  afterwards: string;
  /** Where the last page is: the provider's login again. */
  afterwardsUrl: string;
  log: string;
  exitCode: number | null;
}

export interface Outcome {
  status: number | null;
  said: string;
}

/** Packs the project as it would be published. The command is built already; scripts would build it under the other tests. */
export function packProject(folder: string): { file: string; names: string[] } {
  const said = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const [packed]: { filename: string; files: { path: string }[] }[] = JSON.parse(said);
  if (packed === undefined) throw new Error('npm packed nothing');
  return { file: join(folder, packed.filename), names: packed.files.map(({ path }) => path) };
}

export async function walk({ nginx, chromium, say, shots }: WalkOptions): Promise<Walk> {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-walk-'));
  const stops: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    return await walkIn(folder, stops, { nginx, chromium, say, shots });
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function walkIn(
  folder: string,
  stops: (() => unknown)[],
  { nginx, chromium, say, shots }: WalkOptions,
): Promise<Walk> {
  const { file, names } = packProject(folder);
  say('npm install gatepost-auth');
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const install = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error', file];
  execFileSync('npm', install, { cwd: folder, stdio: 'pipe' });
  const main = join(folder, 'node_modules/gatepost-auth/dist/cli/main.js');
  // Without waiting: the provider and the application are in this process.
  const gatepost = async (...parameters: string[]): Promise<Outcome> => {
    const child = spawn(process.execPath, [main, ...parameters], { cwd: folder });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
    const [status] = (await once(child, 'close')) as [number | null];
    say(`gatepost ${parameters.join(' ')}`, said);
    return { status, said };
  };
  const installed = (await gatepost('--version')).said.trim();

  // What is there before Gatepost: a provider with an account for it, an application, a free port for nginx.
  const [port, own] = [await freePort(), await freePort()];
  const address = `http://wiki.localhost:${port}`;
  const upstream = await startUpstream();
  stops.push(() => upstream.close());
  const redirect = `${address}/outpost.goauthentik.io/callback?X-authentik-auth-callback=true`;
  const provider = await startProvider({
    clients: [{ client_id: 'wiki', client_secret: CLIENT_SECRET, redirect_uris: [redirect] }],
  });
  stops.push(() => provider.close());

  writeFileSync(join(folder, 'client-secret'), CLIENT_SECRET, { mode: 0o600 });
  const answers = [
    '--host',
    address,
    '--issuer',
    provider.issuer,
    '--client-id',
    'wiki',
    '--proxy',
    'nginx',
    '--name',
    'Wiki',
  ];
  const init = await gatepost('init', ...answers, '--client-secret-file', 'client-secret');
  if (init.status !== 0 || !init.said.includes(redirect)) throw new Error(init.said);
  const config = join(folder, 'gatepost.yaml');
  const edit = (change: (text: string) => string) => {
    const text = readFileSync(config, 'utf8');
    const changed = change(text);
    if (changed === text) throw new Error(`nothing to change in:\n${text}`);
    writeFileSync(config, changed);
  };
  // Ports of this machine, and the first rule.
  edit((text) => text.replace('127.0.0.1:9000', `127.0.0.1:${own}`).replace('127.0.0.1:9300', 'off'));
  edit((text) => text.replace(/^store: .*$/m, `store: file://${join(folder, 'sessions')}`));
  edit((text) => `${text.trimEnd()}\n    access:\n      - { path: ^/admin, groups: [admins] }\n`);
  const check = await gatepost('check');
  const doctor = await gatepost('doctor');

  const directory = join(folder, 'proxy');
  await gatepost('snippet', 'nginx', '--out', 'proxy', '--upstream', `wiki.localhost=127.0.0.1:${upstream.port}`);
  const site = { directory, port } as Site;
  const written = readdirSync(directory).filter((name) => name.endsWith('.conf'));
  for (const name of written) fill(site, name, { [`listen ${port}`]: `listen 127.0.0.1:${port}` });
  const sites = written.filter((name) => name !== '00-gatepost.conf').map((name) => `include ${name};\n`);
  writeFileSync(join(directory, 'site.conf'), sites.join(''));
  const proxy = await startNginx(nginx, site);
  stops.push(() => proxy.stop());

  say('gatepost serve');
  const server = spawn(process.execPath, [main, 'serve'], { cwd: folder });
  const ended = once(server, 'close');
  stops.push(async () => {
    server.kill('SIGKILL');
    await ended;
  });
  let log = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (text) => (log += text));
  await waitUntil(() => log.includes('listens on'), 30_000);

  const browser = await startChromium(chromium);
  stops.push(() => browser.close());
  const context = await browser.newContext();
  const page = await context.newPage();
  const shoot = async (name: string) => {
    if (shots === undefined) return;
    mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  };

  say(`open ${address}/ in Chromium`);
  await page.goto(`${address}/`);
  const login = page.url();
  await logIn(page, 'bob', 'builder');
  const firstPage = await textOf(page);
  say('open /admin as bob, who is in staff');
  await page.goto(`${address}/admin`);
  const refusal = await textOf(page);
  await shoot('refusal');
  const bob = ['explain', '--user', 'bob', '--group', 'staff', `${address}/admin`];
  const explainBefore = await gatepost(...bob);

  edit((text) => text.replace(/^( +- \{ path: \^\/admin, groups: )\[admins\]/m, '$1[admins, staff]'));
  const explainAfter = await gatepost(...bob);
  say('kill -HUP');
  const before = log.length;
  server.kill('SIGHUP');
  await waitUntil(() => log.slice(before).includes('config.reloaded'), 30_000);
  const reloaded = log.slice(before);
  await page.reload();
  const letIn = await textOf(page);
  const through = await gatepost('doctor', '--through', address);

  say('the visitor looks at their own page');
  await page.goto(`${address}/outpost.goauthentik.io/session`);
  const ownPage = await textOf(page);
  await shoot('session');
  const sessions = await gatepost('sessions', 'list');

  say('sign out');
  await page.goto(`${address}/outpost.goauthentik.io/sign_out`);
  const button = page.locator('button[name="logout"], form button').first();
  await button.click();
  await page.waitForLoadState();
  const signedOut = await textOf(page);
  await shoot('signed-out');
  await page.goto(`${address}/`);
  const [afterwards, afterwardsUrl] = [await textOf(page), page.url()];
  server.kill('SIGTERM');
  const [exitCode] = (await ended) as [number | null];
  return {
    packed: names,
    installed,
    check,
    doctor,
    login,
    firstPage,
    refusal,
    explainBefore,
    explainAfter,
    reloaded,
    letIn,
    through,
    ownPage,
    sessions,
    signedOut,
    afterwards,
    afterwardsUrl,
    log,
    exitCode,
  };
}

async function logIn(page: Page, username: string, password: string): Promise<void> {
  await page.fill('input[name="username"]', username);
  await page.fill('input[name="password"]', password);
  await page.click('button[value="login"]');
  await page.waitForLoadState();
}

const textOf = (page: Page): Promise<string> => page.locator('body').innerText();
