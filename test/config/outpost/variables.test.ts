import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readVariables } from '../../../src/config/outpost/variables.ts';
import { formatKey } from '../../../src/config/problems.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatepost-variables-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'a value');
writeFileSync(file, '  https://auth.example.com \r\n');
writeFileSync(join(folder, 'empty'), '\n');

function read(env: Record<string, string>) {
  const problems: string[] = [];
  const files: string[] = [];
  const values = readVariables(
    env,
    (path, message) => problems.push(`${formatKey(path)} ${message}`),
    (path) => files.push(path),
  );
  return { values, problems, files };
}

describe('a value is', () => {
  it.each([
    ['what stands there', 'https://auth.example.com', 'https://auth.example.com'],
    ['the content of a file, trimmed', `file://${folder}/a%20value`, 'https://auth.example.com'],
    ['the content of a file whose name is not encoded', `file://${file}`, 'https://auth.example.com'],
    ['the content of a file, by any letter case of the scheme', `FILE://${file}`, 'https://auth.example.com'],
    ['the content of a file, by the short form', `file:${file}`, 'https://auth.example.com'],
    ['the content, though there is a fallback', `file://${file}?other`, 'https://auth.example.com'],
    ['the fallback of a file that is missing', 'file:///nowhere?https://a.test/?b', 'https://a.test/?b'],
    ['the value of another variable', 'env://OTHER', 'other'],
    ['the value of another variable, though there is a fallback', 'env://OTHER?x', 'other'],
    ['the value of another variable as it is', 'env://POINTER', 'env://OTHER'],
    ['the fallback of a variable that is not set', 'env://NONE?x y', 'x y'],
  ])('%s', (_, value, expected) => {
    const env = { AUTHENTIK_HOST: value, OTHER: 'other', POINTER: 'env://OTHER' };
    const { values, problems } = read(env);
    expect(values).toEqual({ AUTHENTIK_HOST: expected });
    expect(problems).toEqual([]);
  });

  it.each([
    '',
    'env://NONE?',
    'env://EMPTY',
    'env://EMPTY?x',
    'file:///nowhere?',
    `file://${folder}/empty`,
  ])('none at all: %j', (value) => {
    const { values, problems } = read({ AUTHENTIK_HOST_BROWSER: value, EMPTY: '' });
    expect(values).toEqual({});
    expect(problems).toEqual([]);
  });

  it.each([
    ['file:///nowhere', 'AUTHENTIK_HOST names /nowhere, which does not exist'],
    [`file://${folder}`, `AUTHENTIK_HOST names ${folder}, which is a folder, not a file`],
    ['env://NONE', 'AUTHENTIK_HOST names the environment variable NONE, which is not set'],
  ])('a mistake: %s', (value, problem) => {
    expect(read({ AUTHENTIK_HOST: value }).problems).toEqual([problem]);
  });
});

it('tells which files it has read', () => {
  expect(read({ AUTHENTIK_HOST: `file://${file}`, AUTHENTIK_TOKEN: 'file:///nowhere?x' }).files).toEqual([
    file,
    '/nowhere',
  ]);
});

describe('GATEPOST_STORE', () => {
  const stored = join(folder, 'store');
  writeFileSync(stored, 'redis://:password@redis\n');

  it.each([
    ['file:///var/lib/gatepost-that-is-not-there', 'file:///var/lib/gatepost-that-is-not-there'],
    [`file://${folder}`, `file://${folder}`],
    [`file://${stored}`, 'redis://:password@redis'],
    [`file://${stored}?memory`, 'redis://:password@redis'],
    ['file:///nowhere?memory', 'memory'],
    ['env://STORE', 'redis://other'],
    ['memory', 'memory'],
  ])('%s is a store in a folder, or a file with the address of one: %s', (value, expected) => {
    const { values, problems } = read({ GATEPOST_STORE: value, STORE: 'redis://other' });
    expect(values).toEqual({ GATEPOST_STORE: expected });
    expect(problems).toEqual([]);
  });
});

it('looks at no variable but those of an outpost', () => {
  expect(read({ AUTHENTIK_POSTGRESQL__HOST: 'env://NONE', GATEPOST_CONFIG: 'x', authentik_host: 'x' })).toEqual({
    values: {},
    problems: [],
    files: [],
  });
});
