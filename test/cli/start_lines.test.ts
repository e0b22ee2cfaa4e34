/** The lines of the start: five where nothing is to be fixed, and what there is to fix where something is. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { yaml } from '../config/example.ts';
import { command } from '../support/command.ts';
import { freePort } from '../support/free_port.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { configFile } from './fixture.ts';

let provider: TestProvider;
const folders: string[] = [];
const children: ChildProcessWithoutNullStreams[] = [];
beforeAll(async () => {
  provider = await startProvider({
    clients: [{ client_id: 'grafana', redirect_uris: ['https://grafana.example.com/'] }],
  });
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    await ended;
  }
});
afterAll(async () => {
  await provider.close();
  for (const folder of folders) rmSync(folder, { recursive: true });
});

interface Started {
  lines: string[];
  http: number;
  metrics: number;
  folder: string;
}

/** Starts the command and waits for the line that ends the report, and a little for lines behind it. */
async function start({ top = '', format = 'json', issuer = provider.issuer, application = '' }): Promise<Started> {
  const [http, metrics] = [await freePort(), await freePort()];
  const listen = `listen: { http: 127.0.0.1:${http}, metrics: 127.0.0.1:${metrics} }\nlog: { format: ${format} }`;
  const { folder } = configFile('');
  const text = yaml({
    top: `${listen}\n${top.replaceAll('FOLDER', folder)}`,
    application: `issuer: ${issuer}\n${application}`,
  });
  const config = configFile(text);
  folders.push(folder, config.folder);
  const child = spawn(process.execPath, [command, 'serve', '--config', config.file]);
  children.push(child);
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  await expect.poll(() => said, { timeout: 25_000 }).toContain('server.to_fix');
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { lines: said.trimEnd().split('\n'), http, metrics, folder };
}

const EVENTS = ['server.listening', 'server.applications', 'server.store', 'server.providers', 'server.to_fix'];
const fields = (lines: string[]) => lines.map((line): Record<string, string> => JSON.parse(line));
const eventsOf = (lines: string[]) => fields(lines).map(({ event }) => event);

describe('a start with nothing to fix', () => {
  test('says in five lines where it listens, what it serves, with which store and provider', async () => {
    const { lines, http, metrics } = await start({});
    expect(fields(lines).map(({ level, event, msg }) => [level, event, msg])).toEqual([
      ['info', EVENTS[0], `gatepost listens on 127.0.0.1:${http}; metrics on 127.0.0.1:${metrics}`],
      ['info', EVENTS[1], 'serves 1 application: grafana (https://grafana.example.com)'],
      ['info', EVENTS[2], 'keeps sessions in memory: they end with this process'],
      ['info', EVENTS[3], `1 provider: found ${provider.issuer}`],
      ['info', EVENTS[4], 'nothing to fix'],
    ]);
  });

  test('is as readable for a person', async () => {
    const { lines, http, metrics, folder } = await start({ format: 'pretty', top: 'store: file://FOLDER/sessions' });
    expect(lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''))).toEqual([
      `info  ${EVENTS[0]} gatepost listens on 127.0.0.1:${http}; metrics on 127.0.0.1:${metrics}`,
      `info  ${EVENTS[1]} serves 1 application: grafana (https://grafana.example.com)`,
      `info  ${EVENTS[2]} keeps sessions in ${folder}/sessions`,
      `info  ${EVENTS[3]} 1 provider: found ${provider.issuer}`,
      `info  ${EVENTS[4]} nothing to fix`,
    ]);
  });

  test('says it once for all workers', async () => {
    const { lines, http, metrics } = await start({ top: 'store: file://FOLDER/sessions\nworkers: 3' });
    expect(eventsOf(lines)).toEqual(EVENTS);
    expect(fields(lines)[0]?.msg).toBe(
      `gatepost listens on 127.0.0.1:${http} with 3 workers; metrics on 127.0.0.1:${metrics}`,
    );
  });
});

describe('a start with something to fix', () => {
  test('names the provider that cannot be used, the setting that is hardly meant, and where the reasons are', async () => {
    const { lines } = await start({ issuer: 'http://127.0.0.1:1/', application: 'cookie_domain: example.com' });
    const said = fields(lines);
    expect(said.map(({ event }) => event)).toEqual(expect.arrayContaining([...EVENTS, 'provider.unavailable']));
    expect(said.find(({ event }) => event === 'server.providers')?.msg).toBe(
      '1 provider: cannot use http://127.0.0.1:1/',
    );
    const last = said.find(({ event }) => event === 'server.to_fix');
    expect(last).toMatchObject({ level: 'info', msg: expect.stringMatching(/^to fix: see above, .*config\.warning/) });
    expect(last?.msg).toContain('provider.unavailable');
  });

  test('says that the store cannot be used, and shows no password of it', async () => {
    const { lines } = await start({ top: `store: redis://gatepost:hunter22@127.0.0.1:${await freePort()}/0` });
    const said = fields(lines);
    expect(said.find(({ event }) => event === 'server.store')?.msg).toMatch(
      /^keeps sessions in Redis at 127\.0\.0\.1:\d+; it cannot be used now$/,
    );
    expect(lines.join('\n')).not.toContain('hunter22');
  });
});
