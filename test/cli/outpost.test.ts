/** The command in the place of authentik's outpost. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { proxyProvider, startAuthentik } from '../authentik/index.ts';
import { atEnd, folder } from '../outpost/gate.ts';
import { command } from '../support/command.ts';
import { freePort } from '../support/free_port.ts';

vi.setConfig({ testTimeout: 60_000 });
const soon = { timeout: 20_000, interval: 50 };
const WIKI = 'wiki.example.com';
const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

async function startDouble() {
  const authentik = await startAuthentik({
    providers: [
      proxyProvider({ name: 'Wiki', external_host: `https://${WIKI}` }),
      proxyProvider({ name: 'Old', external_host: 'https://old.example.com', mode: 'proxy' }),
    ],
  });
  atEnd(authentik.stop);
  return authentik;
}

type Double = Awaited<ReturnType<typeof startDouble>>;

/** Nothing of this process's own environment: only what an integration sets. */
const environment = (authentik: Pick<Double, 'url' | 'token'>, more: Record<string, string> = {}) => ({
  PATH: process.env.PATH ?? '',
  AUTHENTIK_HOST: authentik.url,
  AUTHENTIK_TOKEN: authentik.token,
  ...more,
});

async function serve(authentik: Double, { file, env = {} }: { file?: string; env?: Record<string, string> } = {}) {
  const [http, metrics] = [await freePort(), await freePort()];
  const listen = { AUTHENTIK_LISTEN__HTTP: `127.0.0.1:${http}`, AUTHENTIK_LISTEN__METRICS: `127.0.0.1:${metrics}` };
  const child = spawn(process.execPath, [command, 'serve', ...(file ? ['--config', file] : [])], {
    env: environment(authentik, { ...listen, ...env }),
    cwd: folder(),
  });
  running.push(child);
  let output = '';
  const note = (chunk: Buffer) => {
    output += chunk;
  };
  child.stdout?.on('data', note);
  child.stderr?.on('data', note);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    child,
    ended,
    output: () => output,
    async status(host: string) {
      const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': host, 'x-forwarded-uri': '/' };
      const url = `http://127.0.0.1:${http}/outpost.goauthentik.io/auth/traefik`;
      return fetch(url, { headers }).then(
        ({ status }) => status,
        () => 0,
      );
    },
    metrics: async () => (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text(),
  };
}

/** Runs while the double answers, so not `spawnSync`. */
async function run(args: string[], env: Record<string, string>, cwd = folder()) {
  const child = spawn(process.execPath, [command, ...args], { env, cwd });
  let [out, error] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    error += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, error };
}

describe('gatepost serve', () => {
  test('is one instance at authentik, with several workers too, and all take a change and a signal', async () => {
    const authentik = await startDouble();
    const home = folder();
    const file = join(home, 'gatepost.yaml');
    writeFileSync(file, `workers: 2\nstore: file://${home}/store\n`);
    const gate = await serve(authentik, { file });
    await vi.waitFor(async () => expect(await gate.status(WIKI)).toBe(401), soon);
    await vi.waitFor(() => expect(authentik.socket.instances()).toHaveLength(1), soon);
    authentik.add(proxyProvider({ name: 'New', external_host: 'https://new.example.com' }), { tell: false });
    const before = authentik.count('proxy');
    gate.child.kill('SIGUSR1');
    await vi.waitFor(() => expect(authentik.count('proxy')).toBeGreaterThan(before), soon);
    await vi.waitFor(async () => {
      for (let asked = 0; asked < 8; asked += 1) expect(await gate.status('new.example.com')).toBe(401);
    }, soon);
    expect(authentik.socket.instances()).toHaveLength(1);
    expect(await gate.metrics()).toMatch(/^authentik_outpost_connection\{.*\} 1$/m);
    gate.child.kill('SIGTERM');
    expect(await gate.ended).toBe(0);
    expect(authentik.socket.closes).toEqual([1000]);
    expect(gate.output()).not.toContain(authentik.token);
  });

  test('takes what the file adds to an application at SIGHUP', async () => {
    const authentik = await startDouble();
    const file = join(folder(), 'gatepost.yaml');
    writeFileSync(file, 'outpost: {}\n');
    const gate = await serve(authentik, { file });
    await vi.waitFor(async () => expect(await gate.status(WIKI)).toBe(401), soon);
    writeFileSync(file, 'outpost: { overrides: { wiki: { access: [{ policy: deny }] } } }\n');
    gate.child.kill('SIGHUP');
    await vi.waitFor(async () => expect(await gate.status(WIKI)).toBe(403), soon);
    expect(gate.output()).toContain('top level: outpost.overrides');
  });

  test('goes on with the token that its file has now', async () => {
    const authentik = await startDouble();
    const file = join(folder(), 'token');
    writeFileSync(file, `${authentik.token}\n`);
    const gate = await serve(authentik, { env: { AUTHENTIK_TOKEN: `file://${file}` } });
    await vi.waitFor(() => expect(authentik.socket.instances()).toHaveLength(1), soon);
    const next = 'the-next-token-of-this-outpost-which-is-long-enough';
    authentik.setToken(next);
    writeFileSync(file, next);
    await vi.waitFor(() => expect(gate.output()).toContain('outpost.token_changed'), soon);
    await vi.waitFor(() => expect(authentik.requests.at(-1)?.headers.authorization).toBe(`Bearer ${next}`), soon);
    // Without GATEPOST_SECRET the key of all sessions comes from the token.
    await vi.waitFor(() => expect(gate.output()).toContain('outpost.sessions_ended'), soon);
    expect(gate.output()).not.toContain('still opens sessions');
    expect(await gate.status(WIKI)).toBe(401);
    authentik.takeViolations();
  });

  test.each([
    ['AUTHENTIK_HOST', { AUTHENTIK_TOKEN: 'a-token-of-an-outpost-that-is-long-enough' }],
    ['AUTHENTIK_TOKEN', { AUTHENTIK_HOST: 'https://auth.example.com' }],
    [
      'AUTHENTIK_INSECURE',
      {
        AUTHENTIK_HOST: 'https://auth.example.com',
        AUTHENTIK_TOKEN: 'a-token-of-an-outpost-that-is-long-enough',
        AUTHENTIK_INSECURE: 'perhaps',
      },
    ],
  ])('ends with 2 and names %s where it is missing or wrong', (name, env) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [command, 'serve'], {
      env,
      cwd: folder(),
      timeout: 20_000,
    });
    expect([status, `${stdout}${stderr}`.includes(name)]).toEqual([2, true]);
  });
});

describe('other commands read authentik once', () => {
  test('check prints each provider: served, or why not', async () => {
    const authentik = await startDouble();
    const { code, out, error } = await run(['check'], environment(authentik));
    expect(code).toBe(1);
    expect(out).toContain(`https://${WIKI}/outpost.goauthentik.io/callback?X-authentik-auth-callback=true`);
    expect(error).toMatch(/Old \(\d+\): mode is proxy/);
    const json = JSON.parse((await run(['check', '--json'], environment(authentik))).out);
    expect(json.applications.map(({ slug }: { slug: string }) => slug)).toEqual(['wiki']);
    expect(json.errors).toHaveLength(1);
  });

  test('check of a wrong environment is an answer too', async () => {
    const { code, out } = await run(['check', '--json'], { AUTHENTIK_HOST: 'https://auth.example.com' });
    expect(code).toBe(2);
    expect(JSON.parse(out).errors[0].message).toBeDefined();
    expect(out).toContain('AUTHENTIK_TOKEN');
  });

  test('check says that authentik is down', async () => {
    const authentik = await startDouble();
    await authentik.down();
    const { code, error } = await run(['check'], environment(authentik));
    expect(code).toBe(1);
    expect(error).toContain('authentik cannot be reached');
  });

  test('explain decides by its applications', async () => {
    const authentik = await startDouble();
    const { out } = await run(['explain', `https://${WIKI}/`, '--user', 'alice', '--json'], environment(authentik));
    expect(JSON.parse(out)).toMatchObject({ allowed: true, application: 'wiki' });
  });

  test('doctor tries the providers as authentik describes them', async () => {
    const authentik = await startDouble();
    const { out } = await run(['doctor', '--json'], environment(authentik));
    const levels = new Map(JSON.parse(out).checks.map(({ id, level }: Record<string, string>) => [id, level]));
    expect([levels.get('provider.issuer'), levels.get('provider.keys'), levels.get('client.secret')]).toEqual([
      'ok',
      'ok',
      'ok',
    ]);
    await sleep(0);
    authentik.takeViolations();
  });

  test('snippet fills its hosts in', async () => {
    const authentik = await startDouble();
    const { code, out } = await run(['snippet', 'nginx', 'wiki'], environment(authentik));
    expect([code, out.includes(WIKI)]).toEqual([0, true]);
  });
});
