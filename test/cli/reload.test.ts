/** SIGHUP and `watch: true`: another configuration in a running command, seen from outside. */
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { clients, configText, cookieName, createVisitor, hostOf, SECRET } from '../contract/setup.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { waitUntil } from '../support/wait.ts';
import { type ReloadSite, startLoad, startReloadSite } from './reload_site.ts';

let provider: TestProvider;
beforeAll(async () => {
  // Tokens end while it runs, so sessions are refreshed across reloads; refresh tokens work once.
  provider = await startProvider({ clients: clients(), access_token_ttl: 8, id_token_ttl: 8 });
});
afterAll(() => provider.close());

const running: ReloadSite[] = [];
afterEach(async () => {
  for (const site of running.splice(0)) await site.stop();
});

const TOP = `listen: { http: "127.0.0.1:PORT", metrics: "127.0.0.1:METRICS" }
store: file://FOLDER/sessions`;

/** The configuration of a site with a page that `policy` is about. */
function text({ top = '', policy = 'public', more = '', slugs = ['refresh', 'grafana'] } = {}): string {
  const [first = '', ...others] = slugs;
  const rule = `access: [{ path: ^/page, policy: ${policy} }, { path: ^/open, policy: public }]\n    ${more}`;
  const log = configText(provider.issuer, `${TOP}\n${top}`, [first]).replace('level: error', 'level: info');
  return `${log.trimEnd().replaceAll(/\n {4}access:[\s\S]*$/g, '')}\n    ${rule}\n${applicationsOf(others)}`;
}

/** The applications of a configuration, as items of the list. */
function applicationsOf(slugs: string[]): string {
  if (slugs.length === 0) return '';
  const list = configText(provider.issuer, '', slugs).replace(/^[\s\S]*applications:\n/, '');
  // Their sessions outlive the tokens.
  return list.replace(/^( *)client_secret:/gm, '$1session_lifetime: 8h\n$1client_secret:');
}

async function start(config: string, options?: { wait: boolean }): Promise<ReloadSite> {
  const site = await startReloadSite(config, options);
  running.push(site);
  return site;
}

const agents = Array.from({ length: 6 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));

/** The status of an auth request about a page of a site; each agent is one connection, to one worker. */
function check(site: ReloadSite, url: string, { cookie = '', agent = agents[0] as Agent } = {}): Promise<number> {
  const { host, pathname } = new URL(url);
  const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': host, 'x-forwarded-uri': pathname };
  return new Promise((resolve, reject) => {
    const sent = request(
      { port: site.port, path: '/auth/traefik', agent, headers: { ...forwarded, cookie } },
      (reply) => reply.resume().on('end', () => resolve(reply.statusCode ?? 0)),
    );
    sent.on('error', reject).end();
  });
}

/** The statuses of a page, on several connections. */
const checkAll = (site: ReloadSite, url: string) =>
  Promise.all(agents.map((agent) => check(site, url, { agent }))).then((statuses) => [...new Set(statuses)]);

async function signIn(site: ReloadSite, slug: string): Promise<string> {
  const visitor = createVisitor({ provider }, site.port);
  const page = await visitor.signIn(`${hostOf(slug)}/`);
  expect(page.status, page.text).toBe(302);
  expect(visitor.cookie(slug)).toContain(cookieName(slug));
  return visitor.cookie(slug);
}

const PAGE = `${hostOf('refresh')}/page`;
const RELOADS = 200;
const MIB = 1024 * 1024;

test.each([
  1, 2,
])('two hundred reloads under load with %i workers: no request fails, no session is lost, memory stays as it is', async (workers) => {
  const top = `workers: ${workers}`;
  const site = await start(text({ top }));
  const cookie = await signIn(site, 'refresh');
  const other = await signIn(site, 'grafana');
  const is = (status: number, url: string, options: { cookie?: string; agent?: Agent }) => async () => {
    const got = await check(site, url, options);
    if (got !== status) throw new Error(`${got}`);
    return true;
  };
  const load = () =>
    startLoad([
      { name: 'session', send: is(200, `${hostOf('refresh')}/`, { cookie, agent: new Agent({ keepAlive: true }) }) },
      { name: 'other session', send: is(200, `${hostOf('grafana')}/`, { cookie: other, agent: new Agent() }) },
      { name: 'public', send: is(200, `${hostOf('refresh')}/open`, { agent: new Agent({ keepAlive: true }) }) },
      { name: 'stranger', send: is(302, `${hostOf('refresh')}/`, { agent: new Agent({ keepAlive: true }) }) },
    ]);
  const reload = async (at: number) => {
    // A rule, a limit, and an application that comes and goes.
    const isOdd = at % 2 === 1;
    const slugs = isOdd ? ['refresh', 'grafana', 'plain'] : ['refresh', 'grafana'];
    site.write(
      text({ top: `${top}\nlimits: { refusals_per_user: ${100 + at} }`, policy: isOdd ? 'deny' : 'public', slugs }),
    );
    site.hangUp();
    const { msg } = await site.next('config.reloaded', 'config.refused', 'config.reload_failed');
    expect(msg).toContain(`${isOdd ? 'added' : at === 0 ? '' : 'removed'}`);
    expect(await checkAll(site, PAGE), `reload ${at}`).toEqual([isOdd ? 403 : 200]);
  };
  let busy = load();
  for (let at = 1; at <= 60; at++) await reload(at);
  await busy.stop();
  const before = await site.memory();
  expect(before.size).toBe(workers === 1 ? 1 : 3);
  const failed = [...busy.failed];
  busy = load();
  for (let at = 61; at <= RELOADS; at++) await reload(at);
  await busy.stop();
  const after = await site.memory();
  expect([...failed, ...busy.failed]).toEqual([]);
  expect(busy.count()).toBeGreaterThan(RELOADS);
  for (const [name, bytes] of after) {
    expect((bytes - (before.get(name) ?? 0)) / MIB, `MiB of ${name}`).toBeLessThan(3);
  }
  for (const [slug, own] of [
    ['refresh', cookie],
    ['grafana', other],
  ] as const)
    expect(await check(site, `${hostOf(slug)}/`, { cookie: own })).toBe(200);
  expect(site.lines('worker.exited', 'worker.hung', 'http.error', 'signin.error')).toEqual([]);
}, 300_000);

test.each([
  1, 2,
])('with %i workers a wrong configuration is refused whole, with every problem and its line', async (workers) => {
  const top = `workers: ${workers}`;
  const site = await start(text({ top }));
  const wrong = text({ top: `${top}\nlimit: {}`, policy: 'nonsense', slugs: ['refresh', 'plain'] });
  site.write(wrong);
  site.hangUp();
  const { level, msg } = await site.next('config.refused');
  expect({ level, msg }).toEqual({
    level: 'error',
    msg: `${site.file} has 2 problems and was not taken: the configuration before goes on`,
  });
  const lineOf = (part: string) => wrong.split('\n').findIndex((line) => line.includes(part)) + 1;
  expect(site.lines('config.invalid').map((line) => line.msg)).toEqual([
    expect.stringMatching(`^${site.file}:${lineOf('limit: {}')}: limit: is an unknown key; did you mean limits`),
    expect.stringMatching(
      `^${site.file}:${lineOf('nonsense')}: applications\\[0\\]\\.access\\[0\\]\\.policy: must be one of`,
    ),
  ]);
  // Nothing of it: neither the application that it had more, nor the one that it lacks.
  expect(await checkAll(site, PAGE)).toEqual([200]);
  expect(await checkAll(site, `${hostOf('plain')}/`)).toEqual([404]);
  expect(await checkAll(site, `${hostOf('grafana')}/`)).toEqual([302]);
  site.hangUp();
  await site.next('config.refused');
  const metrics = await (await fetch(`http://127.0.0.1:${site.metricsPort}/metrics`)).text();
  expect(metrics).toContain('gatepost_config_reloads_total{outcome="refused"} 2\n');
  expect(metrics).toContain('gatepost_config_last_reload_successful 0\n');
  site.write('applications: [');
  site.hangUp();
  await site.next('config.refused');
  rmSync(site.file);
  site.hangUp();
  await site.next('config.refused');
  expect(site.lines('config.invalid').at(-1)?.msg).toBe(`${site.file}: the configuration file does not exist`);
  site.write(text({ top, policy: 'deny' }));
  site.hangUp();
  expect((await site.next('config.reloaded')).msg).toBe(
    'the configuration was loaded anew; applications changed: refresh (access)',
  );
  expect(await checkAll(site, PAGE)).toEqual([403]);
});

test('nothing has changed: one line says so, and no request notices', async () => {
  const site = await start(text());
  site.hangUp();
  expect(await site.next('config.unchanged')).toMatchObject({
    level: 'info',
    msg: `nothing in ${site.file} has changed`,
  });
  // Another spelling of the same.
  site.write(`# a remark\n${text()}`);
  site.hangUp();
  await site.next('config.unchanged');
  expect(site.lines('config.reloaded', 'config.restart_needed')).toEqual([]);
});

test('what needs a restart is said, and the rest is taken; the new port is not listened on', async () => {
  const site = await start(text());
  site.write(
    text({ policy: 'deny', top: 'workers: 3' }).replace('127.0.0.1:PORT', '127.0.0.1:1').replace('/sessions', '/other'),
  );
  site.hangUp();
  const { msg } = await site.next('config.reloaded');
  expect(msg).toBe(
    'the configuration was loaded anew; applications changed: refresh (access); top level: listen.http, store, workers',
  );
  expect(await site.next('config.restart_needed')).toMatchObject({
    level: 'warn',
    msg: 'listen, workers, store need a restart: what was there at the start goes on; everything else was taken',
  });
  expect(await checkAll(site, PAGE)).toEqual([403]);
});

test('log.level is taken at once', async () => {
  const site = await start(text());
  site.write(text().replace('level: info', 'level: error'));
  site.hangUp();
  // The line that says it is one of the level before.
  await waitUntil(async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${site.metricsPort}/metrics`)).text();
    return metrics.includes('gatepost_config_reloads_total{outcome="success"} 1\n');
  });
  site.write(text().replace('level: info', 'level: debug'));
  site.hangUp();
  expect((await site.next('config.reloaded')).msg).toContain('log.level');
});

test.each([1, 2])('with %i workers a secret that is taken out ends no session before a restart', async (workers) => {
  const top = `workers: ${workers}`;
  const site = await start(text({ top }));
  const cookie = await signIn(site, 'refresh');
  site.write(text({ top }).replace(SECRET, 'quite another secret, longer than 32 characters'));
  site.hangUp();
  const { msg } = await site.next('config.reloaded');
  expect(msg).toBe('the configuration was loaded anew; top level: secret');
  expect((await site.next('config.restart_needed')).msg).toMatch(/^secret lacks one that it had/);
  for (const agent of agents) expect(await check(site, `${hostOf('refresh')}/`, { cookie, agent })).toBe(200);
  // New sessions are sealed with the new one.
  const fresh = await signIn(site, 'refresh');
  for (const agent of agents) expect(await check(site, `${hostOf('refresh')}/`, { cookie: fresh, agent })).toBe(200);
});

test('an application that goes is unknown, and its sessions are good again when it comes back', async () => {
  const site = await start(text());
  const cookie = await signIn(site, 'grafana');
  const statuses: number[] = [];
  for (const slugs of [['refresh'], ['refresh', 'grafana']]) {
    site.write(text({ slugs }));
    site.hangUp();
    await site.next('config.reloaded');
    statuses.push(await check(site, `${hostOf('grafana')}/`, { cookie }));
  }
  expect(statuses).toEqual([404, 200]);
});

test('the content of a file that the configuration names is read anew', async () => {
  const site = await start(text({ more: 'client_secret_file: client-secret' }).replace(/client_secret: .*\n/, ''), {
    wait: false,
  });
  await site.ended;
  const again = await start(text(), { wait: true });
  writeFileSync(join(again.folder, 'client-secret'), 'wrong\n');
  const withFile = text({ more: 'client_secret_file: client-secret' }).replace(/client_secret: .*\n/, '');
  again.write(withFile);
  again.hangUp();
  expect((await again.next('config.reloaded')).msg).toContain('refresh (client_secret)');
  const visitor = createVisitor({ provider }, again.port);
  expect((await visitor.signIn(`${hostOf('refresh')}/`)).status).toBe(503);
  writeFileSync(join(again.folder, 'client-secret'), 'refresh-client-secret\n');
  again.hangUp();
  const { msg } = await again.next('config.reloaded');
  expect(msg).toContain(`refresh (client_secret); content of files: ${again.folder}/client-secret`);
  expect(msg).not.toContain('refresh-client-secret');
  await signIn(again, 'refresh');
});

/** Between two pieces of a file, where the machine is busy. */
let longestPauseMs = 0;

/** How a file comes to another content; each as somebody does it. */
const WRITERS: Record<string, (site: ReloadSite, next: string) => void | Promise<void>> = {
  'replaced, as editors do it': (site, next) => site.write(next),
  'written in place': (site, next) => site.write(next, 'in place'),
  'written in halves': async (site, next) => {
    const whole = next
      .replaceAll('METRICS', String(site.metricsPort))
      .replaceAll('PORT', String(site.port))
      .replaceAll('FOLDER', site.folder);
    for (const end of [0, 40, whole.length / 2, whole.length]) {
      writeFileSync(site.file, whole.slice(0, end));
      const at = performance.now();
      await sleep(100);
      longestPauseMs = Math.max(longestPauseMs, performance.now() - at);
    }
  },
};

test.each(Object.entries(WRITERS))('with watch, a file is taken that is %s', async (_, writeIt) => {
  const top = 'watch: true';
  const site = await start(text({ top }));
  await writeIt(site, text({ top, policy: 'deny' }));
  await site.next('config.reloaded');
  expect(await checkAll(site, PAGE)).toEqual([403]);
  // Half a second without a write counts as whole.
  if (longestPauseMs < 300) expect(site.lines('config.refused')).toEqual([]);
  // What changes the file and not its content is no reload.
  utimesSync(site.file, new Date(), new Date());
  site.write(readFileSync(site.file, 'utf8'));
  await sleep(1500);
  expect(site.lines('config.reloaded')).toHaveLength(1);
  site.write(text({ top, policy: 'public' }));
  await site.next('config.reloaded');
  expect(await checkAll(site, PAGE)).toEqual([200]);
});

test('with watch, the exchange of a link is seen, as Kubernetes mounts a ConfigMap and a Secret', async () => {
  const top = 'watch: true';
  const config = (policy: string) =>
    text({ top, policy, more: 'client_secret_file: client-secret' }).replace(/client_secret: .*\n/, '');
  const site = await start(text({ top }));
  const fill = (one: string) =>
    one
      .replaceAll('METRICS', String(site.metricsPort))
      .replaceAll('PORT', String(site.port))
      .replaceAll('FOLDER', site.folder);
  let version = 0;
  const mount = (policy: string, secret: string) => {
    version += 1;
    mkdirSync(join(site.folder, `..${version}`));
    writeFileSync(join(site.folder, `..${version}`, 'gatepost.yaml'), fill(config(policy)));
    writeFileSync(join(site.folder, `..${version}`, 'client-secret'), secret);
    symlinkSync(`..${version}`, join(site.folder, '..data_tmp'));
    renameSync(join(site.folder, '..data_tmp'), join(site.folder, '..data'));
  };
  mount('deny', 'wrong');
  for (const name of ['client-secret', 'gatepost.yaml']) {
    symlinkSync(`..data/${name}`, join(site.folder, `${name}.link`));
    renameSync(join(site.folder, `${name}.link`), join(site.folder, name));
  }
  await site.next('config.reloaded');
  expect(await checkAll(site, PAGE)).toEqual([403]);
  mount('public', 'wrong');
  await site.next('config.reloaded');
  expect(await checkAll(site, PAGE)).toEqual([200]);
  // The secret alone.
  mount('public', 'refresh-client-secret');
  expect((await site.next('config.reloaded')).msg).toContain('refresh (client_secret)');
  await signIn(site, 'refresh');
});

test('with watch, a wrong file is refused once, and mended', async () => {
  const top = 'watch: true';
  const site = await start(text({ top }));
  site.write(text({ top, policy: 'nonsense' }));
  await site.next('config.refused');
  utimesSync(site.file, new Date(), new Date());
  await sleep(1500);
  expect(site.lines('config.refused')).toHaveLength(1);
  site.write(text({ top }));
  await site.next('config.unchanged');
  site.write(text({ top, policy: 'deny' }));
  await site.next('config.reloaded');
  // Without `watch` nothing is looked at any more.
  site.write(text());
  await site.next('config.reloaded');
  site.write(text({ policy: 'deny' }));
  await sleep(1500);
  expect(await checkAll(site, PAGE)).toEqual([200]);
});
