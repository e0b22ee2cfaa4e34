/** docs/recipes/registry.md with nginx, the registry itself, and crane, which asks as docker does. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort, type Running, startProgram } from '../integration/program.ts';
import { needTool } from '../support/tools.ts';
import { blocks } from './page.ts';
import { person, proxyOf, useRecipe } from './set_up.ts';

const HOST = 'registry.example.com';
const crane = needTool('crane');
const program = needTool('registry');
const usable = crane !== undefined && program !== undefined && needTool(proxyOf('registry')) !== undefined;

describe.skipIf(!usable)('a registry', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-registry-'));
  let port: number;
  let registry: Running;
  beforeAll(async () => {
    port = await freePort();
    const [config = ''] = blocks('registry', 'yaml').filter((code) => code.startsWith('# config.yml\n'));
    const changed = config
      .replace('/var/lib/registry', join(directory, 'data'))
      .replace('127.0.0.1:5000', `127.0.0.1:${port}`);
    expect(changed).toContain(join(directory, 'data'));
    writeFileSync(join(directory, 'config.yml'), `${changed}log: { level: error }\n`);
    registry = await startProgram(program!, ['serve', 'config.yml'], { port, directory });
    writeFileSync(join(directory, 'file'), 'what the image holds');
  });
  afterAll(async () => {
    await registry?.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const recipe = useRecipe('registry', () => ({
    users: [person('alice', ['publishers']), person('bob', ['staff'])],
    application: port,
  }));

  /** As a user who has logged in; `logins` is where the program keeps them. */
  const run = (script: string, logins = 'nobody') =>
    recipe().shell(`mkdir -p "$DOCKER_CONFIG"\n${script.replaceAll(/^crane /gm, `${crane} `)}`, {
      DOCKER_CONFIG: join(directory, logins),
    });
  const logIn = (name: string, password = `app-${name}`) =>
    `printf %s '${password}' | ${crane} auth login ${HOST} --username ${name} --password-stdin`;
  const push = (tag: string) =>
    `tar --create --file ${directory}/layer.tar --directory ${directory} file
crane append --new_layer ${directory}/layer.tar --new_tag ${HOST}/team/app:${tag}`;
  const pull = `crane export ${HOST}/team/app:1 - | tar --extract --to-stdout file`;

  test('a publisher pushes, and whoever has an account pulls what was pushed', async () => {
    const pushed = await run(`${logIn('alice')}\n${push('1')}`, 'alice');
    expect(pushed.status, pushed.error).toBe(0);
    const pulled = await run(`${logIn('bob')}\n${pull}`, 'bob');
    expect([pulled.status, pulled.out], pulled.error).toEqual([0, 'what the image holds']);
    expect(readFileSync(join(directory, 'bob', 'config.json'), 'utf8')).toContain(HOST);
  });

  test('a user who is no publisher does not push, nor delete', async () => {
    const pushed = await run(`${logIn('bob')}\n${push('2')}`, 'bob');
    expect([pushed.status, pushed.error]).toEqual([1, expect.stringMatching(/403|denied|Forbidden/i)]);
    const deleted = await run(`crane delete ${HOST}/team/app:1`, 'bob');
    expect([deleted.status, deleted.error]).toEqual([1, expect.stringMatching(/403|denied|Forbidden/i)]);
    expect((await run(pull, 'bob')).out).toBe('what the image holds');
  });

  test('nobody pulls without a password, or with a wrong one', async () => {
    for (const script of [pull, `${logIn('alice', 'wrong')}\n${pull}`]) {
      const { status, out, error } = await run(script, 'wrong');
      expect([status === 0, out, error]).toEqual([false, '', expect.stringMatching(/401 Unauthorized/)]);
    }
  });

  test('the first question is answered with a challenge of Basic alone, as docker wants it', async () => {
    const answer = await recipe().request(HOST, { path: '/v2/' });
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([
      401,
      'Basic realm="Registry", charset="UTF-8"',
    ]);
  });

  test('there is nothing beside the registry, for nobody', async () => {
    const { status } = await recipe().request(HOST, { path: '/metrics' });
    expect(status).toBe(403);
  });
});
