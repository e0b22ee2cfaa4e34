/** The contract of the process: exit codes, signals, what is logged, and what outlives it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { serve } from '../../src/server/server.ts';
import { command } from '../support/command.ts';
import { freePort } from '../support/free_port.ts';
import { within } from '../support/wait.ts';
import {
  ask,
  basic,
  type Contract,
  configText,
  createVisitor,
  fetchTokens,
  from,
  minimal,
  OUTPOST,
  SECRET,
  send,
  startContract,
} from './setup.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatepost-contract-'));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

let site: Contract;
const children = new Set<ChildProcess>();
beforeAll(async () => {
  site = await startContract();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
  await site.close();
});

/** The command as a process of its own. */
function gatepost(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [command, ...args], { env: { ...process.env, ...env } });
  children.add(child);
  const said = { out: '', error: '' };
  child.stdout.on('data', (chunk) => (said.out += chunk));
  child.stderr.on('data', (chunk) => (said.error += chunk));
  const ended = once(child, 'close').then(([code]) => {
    children.delete(child);
    return code as number;
  });
  return { child, said, ended };
}

describe('the process', () => {
  test('a bad configuration: every problem on standard error, exit code 2', async () => {
    const path = file('bad.yaml', `${minimal('    mode: proxied', 'outpost_nam: x\nlog: { level: loud }')}`);
    const { ended, said } = gatepost(['serve', '--config', path]);
    expect(await ended).toBe(2);
    for (const word of ['mode', 'outpost_nam', 'did you mean', 'level', 'forward_single', 'bad.yaml'])
      expect(said.error).toContain(word);
    expect(said.error).not.toContain('the-client-secret');
    expect(said.error).not.toMatch(/\n\s+at /);
    expect(said.out).toBe('');
  });

  test('no such file: exit code 2 without a stack', async () => {
    const { ended, said } = gatepost(['serve', '--config', join(folder, 'nowhere.yaml')]);
    expect(await ended).toBe(2);
    expect(said.error).toContain('nowhere.yaml');
    expect(said.error).not.toMatch(/\n\s+at /);
  });

  test('serves, logs no secret of any kind, and ends with 0 on SIGTERM within 5 s', async () => {
    const port = await freePort();
    const text = configText(site.provider.issuer, `listen: { http: "127.0.0.1:${port}", metrics: off }`)
      .replace(SECRET, '${GATEPOST_SECRET}')
      .replace('level: error', 'level: trace');
    const process_ = gatepost(['serve', '--config', file('good.yaml', text)], { GATEPOST_SECRET: SECRET });
    const { said } = process_;
    await expect
      .poll(async () => (await send(port, '/-/health/live').catch(() => undefined))?.status, {
        timeout: 20_000,
        interval: 100,
      })
      .toBe(200);

    const app = 'https://app.example.com';
    const secrets = [
      SECRET,
      'grafana-client-secret',
      'refresh-client-secret',
      'wonderland',
      'app-alice',
      'wrong-password',
      'opaque-secret-token',
      's3cret',
    ];
    const visitor = createVisitor(site, port);
    const callback = new URL(await visitor.begin(`${app}/path?token=in-the-query`));
    secrets.push(callback.searchParams.get('code')!, callback.searchParams.get('state')!, 'in-the-query');
    await visitor.open(callback.href);
    await visitor.open(callback.href);
    secrets.push(
      ...visitor
        .cookiesFor(app)
        .split('; ')
        .map((pair) => pair.slice(pair.indexOf('=') + 1)),
    );
    const cookie: [string, string] = ['Cookie', visitor.cookie('grafana')];
    const page = await ask(port, 'traefik', `${app}/page?secret=in-the-query`, [cookie]);
    expect(page.status).toBe(200);
    secrets.push(page.get('x-authentik-jwt')!);
    const made = await ask(port, 'caddy', `${app}/page`, [basic('alice', 'app-alice')]);
    secrets.push(
      made.get('set-cookie')!.split(/[=;]/)[1]!,
      basic('alice', 'app-alice')[1].slice(6),
      basic('alice', 'wrong-password')[1].slice(6),
    );
    await ask(port, 'caddy', `${app}/page`, [basic('alice', 'wrong-password'), from('198.51.100.9')]);
    await ask(port, 'caddy', `${app}/page`, [['Authorization', 'Bearer opaque-secret-token']]);
    const tokens = await fetchTokens(site, 'grafana', 'bob');
    secrets.push(tokens.access_token, tokens.id_token, tokens.id_token.split('.')[2]!);
    await ask(port, 'caddy', `${app}/page`, [['Authorization', `Bearer ${tokens.id_token}`]]);
    await ask(port, 'caddy', `${app}/page`, [['Authorization', `Bearer ${tokens.access_token}`]]);
    const foreign = await site.provider.sign(
      { iss: site.provider.issuer, sub: 'x', aud: 'y', exp: 9_999_999_999 },
      { foreign: true },
    );
    secrets.push(foreign);
    await ask(port, 'caddy', `${app}/page`, [['Authorization', `Bearer ${foreign}`]]);
    await send(
      port,
      `${OUTPOST}/backchannel_logout`,
      [
        ['Host', 'app.example.com'],
        ['Content-Type', 'application/x-www-form-urlencoded'],
      ],
      'POST',
      `logout_token=${foreign}`,
    );
    for (const failure of ['error', 'nonsense', 'reset'] as const) {
      site.provider.fail('token', failure);
      await visitor.open(await createVisitor(site, port).begin(`${app}/`));
      await ask(port, 'caddy', `${app}/page`, [basic('bob', `password-${failure}`)]);
      secrets.push(`password-${failure}`);
    }
    site.provider.fail('token', undefined);
    await ask(port, 'nginx', 'nonsense', [['X-Original-URI', '/secret-in-a-bad-url']]);
    await visitor.open(`${app}${OUTPOST}/sign_out`);

    process_.child.kill('SIGTERM');
    expect(await within(5000, process_.ended)).toBe(0);
    const log = said.out + said.error;
    const decisions = said.out
      .split('\n')
      .filter((line) => line.includes('"decision"'))
      .map((line) => JSON.parse(line));
    expect(decisions.length).toBeGreaterThan(5);
    expect(decisions[0]).toMatchObject({
      dialect: 'traefik',
      application: 'grafana',
      host: 'app.example.com',
      path: '/page',
      user: 'alice',
    });
    for (const secret of secrets) expect([secret, log.includes(secret)]).toEqual([secret, false]);
    const reasons = new Set(decisions.map((one) => one.reason));
    for (const reason of ['credentials_refused', 'provider_unavailable', 'configuration_error'])
      expect(reasons).toContain(reason);
    expect(log).not.toMatch(/eyJ[\w-]{20}/);
  });

  test('SIGTERM lets a running request finish', async () => {
    const port = await freePort();
    const text = configText(site.provider.issuer, `listen: { http: "127.0.0.1:${port}", metrics: off }`);
    const process_ = gatepost(['serve', '--config', file('drain.yaml', text)]);
    await expect
      .poll(async () => (await send(port, '/-/health/live').catch(() => undefined))?.status, {
        timeout: 20_000,
        interval: 100,
      })
      .toBe(200);
    await send(port, `${OUTPOST}/start`, [['Host', 'app.example.com']]);
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    site.provider.stand('token', async () => {
      await held;
      return undefined;
    });
    const before = site.provider.counts.token;
    const running = ask(port, 'traefik', 'https://app.example.com/', [
      basic('alice', 'app-alice'),
      from('198.51.100.10'),
    ]);
    await expect.poll(() => site.provider.counts.token).toBeGreaterThan(before);
    process_.child.kill('SIGTERM');
    setTimeout(release, 300);
    expect((await running).status).toBe(200);
    expect(await process_.ended).toBe(0);
    site.provider.stand('token', undefined);
  });

  test('a store that is unavailable at start does not stop it, and no other store replaces it', async () => {
    const server = await serve(parseConfig(configText(site.provider.issuer, 'store: redis://127.0.0.1:1')));
    const { port } = server.http;
    expect((await send(port, '/-/health/live')).status).toBe(200);
    expect((await send(port, '/-/health/ready')).status).toBe(503);
    const visitor = createVisitor(site, port);
    const page = await visitor.open(await visitor.begin('https://app.example.com/'));
    expect(page.status).toBe(503);
    expect(page.headers.get('retry-after')).toBeTruthy();
    expect(visitor.cookie('grafana')).toBe('');
    await server.close();
  });

  test('file://: sessions outlive a kill -9', async () => {
    const port = await freePort();
    const text = configText(
      site.provider.issuer,
      `listen: { http: "127.0.0.1:${port}", metrics: off }\nstore: file://${join(folder, 'sessions')}`,
    );
    const path = file('killed.yaml', text);
    const up = async () =>
      expect
        .poll(async () => (await send(port, '/-/health/live').catch(() => undefined))?.status, {
          timeout: 20_000,
          interval: 100,
        })
        .toBe(200);
    const first = gatepost(['serve', '--config', path]);
    await up();
    const visitor = createVisitor(site, port);
    await visitor.signIn('https://app.example.com/');
    first.child.kill('SIGKILL');
    await first.ended;
    const second = gatepost(['serve', '--config', path]);
    await up();
    const cookie: [string, string] = ['Cookie', visitor.cookie('grafana')];
    expect((await ask(port, 'traefik', 'https://app.example.com/', [cookie])).status).toBe(200);
    second.child.kill('SIGINT');
    expect(await second.ended).toBe(0);
  });

  test('a port that is taken: an error of one line, exit code other than 0', async () => {
    const text = configText(site.provider.issuer, `listen: { http: "127.0.0.1:${site.port}", metrics: off }`);
    const { ended, said } = gatepost(['serve', '--config', file('taken.yaml', text)]);
    expect(await ended).not.toBe(0);
    expect(said.error).toContain(String(site.port));
    expect(said.error).not.toMatch(/\n\s+at /);
  });
});
