import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { linesOf } from '../../src/cli/doctor.ts';
import { secret } from '../config/example.ts';
import { redirectUri } from '../provider/fixture.ts';
import { freePort } from '../support/free_port.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { configFile, gatepost } from './fixture.ts';

let provider: TestProvider;
let good: ReturnType<typeof configFile>;
let bad: ReturnType<typeof configFile>;

const yaml = (more: string) => `
secret: ${secret}
applications:
  - name: Grafana Board
    slug: grafana
    external_host: https://grafana.example.com
    issuer: ${provider.issuer}
    client_id: grafana
    scopes: [openid, profile, email]
    session_lifetime: 8h
    ${more}
`;

beforeAll(async () => {
  const clients = [{ client_id: 'grafana', client_secret: 'grafana-secret', redirect_uris: [redirectUri] }];
  provider = await startProvider({ clients });
  good = configFile(yaml('client_secret: grafana-secret'));
  bad = configFile(yaml('client_secret: hunter2-hunter2'));
});
afterAll(async () => {
  await provider.close();
  for (const { folder } of [good, bad]) rmSync(folder, { recursive: true });
});

it('says of each check how it went, and ends with 0 where all is well', async () => {
  const { code, out, errors } = await gatepost(['doctor', '--config', good.file]);
  expect(errors).toBe('');
  expect(out).toMatch(/^grafana$/m);
  expect(out).toMatch(/^ {2}ok {7}client\.secret /m);
  expect(out).toMatch(/\d+ ok, 0 to look at, 0 wrong$/);
  expect(code).toBe(0);
});

it('ends with 2 where something is wrong, says what to do, and shows no secret', async () => {
  const { code, out } = await gatepost(['doctor', 'grafana', '--config', bad.file]);
  expect(code).toBe(2);
  expect(out).toMatch(/^ {2}error {4}client\.secret .*\n +-> Copy client_id and client_secret/m);
  expect(out).not.toMatch(/hunter2|grafana-secret/);
});

it('ends with 1 where something may be wrong', async () => {
  provider.stand('token', () => ({ status: 400, body: { error: 'invalid_grant' } }));
  const { code } = await gatepost(['doctor', 'Grafana Board', '--config', good.file]);
  provider.stand('token', undefined);
  expect(code).toBe(1);
});

it('prints JSON with id, level, message and remedy', async () => {
  const { out, code } = await gatepost(['doctor', '--json', '--config', bad.file]);
  const { checks } = JSON.parse(out) as { checks: Record<string, string>[] };
  expect(code).toBe(2);
  for (const check of checks) {
    expect(check).toMatchObject({ id: expect.any(String), message: expect.any(String) });
    expect(['ok', 'warning', 'error']).toContain(check.level);
    expect(check.remedy === undefined).toBe(check.level === 'ok');
  }
  expect(checks.find(({ id }) => id === 'client.secret')).toMatchObject({ level: 'error', application: 'grafana' });
});

it.each([
  [['nothing'], 'no application is called nothing; there are grafana'],
  [['--through', 'app'], '--through must be the address of a site'],
  [['--through', 'https://other.example.com'], 'no application has the host other.example.com'],
  [['--through', 'https://grafana.example.com', '--gatepost', 'x'], '--gatepost must be an address'],
])('refuses %j', async (args, message) => {
  const { code, errors } = await gatepost(['doctor', ...args, '--config', good.file]);
  expect(code).toBe(2);
  expect(errors).toContain(message);
});

it('an address where nothing answers is an error of its own', async () => {
  const file = configFile(
    yaml('client_secret: grafana-secret').replace(
      'https://grafana.example.com',
      `http://nobody.localhost:${await freePort()}`,
    ),
  );
  const text = (await import('node:fs')).readFileSync(file.file, 'utf8');
  const through = /external_host: (\S+)/.exec(text)![1]!;
  const { out } = await gatepost(['doctor', '--json', '--through', through, '--config', file.file]);
  const { checks } = JSON.parse(out) as { checks: { id: string; level: string }[] };
  expect(checks.filter(({ id }) => id.startsWith('proxy.'))).toMatchObject([{ id: 'proxy.reachable', level: 'error' }]);
  rmSync(file.folder, { recursive: true });
});

// Attack: a provider answers with `error=x%0A  ok       client.secret …`.
it('what a provider says forges no line', () => {
  const message = 'the provider says x\n  ok       client.secret              all is well\u2028\u001b[2K';
  const lines = linesOf([{ id: 'client.id', level: 'error', message, remedy: 'one\r\ntwo', application: 'grafana' }]);
  expect(lines).toEqual([
    'grafana',
    `  error    ${'client.id'.padEnd(26)} the provider says x\\u000a  ok       client.secret              all is well\\u2028\\u001b[2K`,
    `${' '.repeat(38)}-> one\\u000d\\u000atwo`,
    '',
    '0 ok, 0 to look at, 1 wrong',
  ]);
});
