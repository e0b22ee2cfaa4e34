import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { readOutpostStart } from '../../src/outpost/start.ts';
import type { TokenSource } from '../../src/outpost/types.ts';
import { environment, TOKEN } from './environment.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatepost-outpost-token-'));
const path = join(folder, 'token');
const OTHER = TOKEN.split('').reverse().join('');
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  rmSync(path, { recursive: true, force: true });
  writeFileSync(path, `${TOKEN}\n`);
});

const ways: [name: string, env: Record<string, string>, text: string | undefined][] = [
  ['AUTHENTIK_TOKEN', environment({ AUTHENTIK_TOKEN: `file://${path}` }), undefined],
  ['outpost.token_file', {}, 'outpost: { host: "https://auth.example.com", token_file: token }'],
];

describe.each(ways)('a token that is in a file, by %s', (name, env, text) => {
  async function open(): Promise<TokenSource> {
    const file = text === undefined ? undefined : join(folder, 'gatepost.yaml');
    if (file) writeFileSync(file, text ?? '');
    return (await readOutpostStart({ file, env }))!.token;
  }

  it('is read again', async () => {
    const source = await open();
    expect(source.current()).toBe(TOKEN);
    expect(await source.renew()).toEqual({ changed: false });
    writeFileSync(path, OTHER);
    expect(await source.renew()).toEqual({ changed: true });
    expect(source.current()).toBe(OTHER);
    expect(await source.renew()).toEqual({ changed: false });
  });

  it('is read from the file that has taken its place', async () => {
    const source = await open();
    writeFileSync(`${path}.new`, ` ${OTHER}\r\n`);
    renameSync(`${path}.new`, path);
    expect(await source.renew()).toEqual({ changed: true });
    expect(source.current()).toBe(OTHER);
  });

  it.each([
    ['nothing', () => rmSync(path), 'does not exist'],
    ['an empty file', () => writeFileSync(path, ''), '32 characters or more'],
    ['half a token', () => writeFileSync(path, OTHER.slice(0, 20)), '32 characters or more'],
    ['two lines', () => writeFileSync(path, `${OTHER}\n${OTHER}`), 'visible ASCII'],
    ['a long file', () => writeFileSync(path, 'x'.repeat(20_000)), 'too long'],
    ['a folder', () => [rmSync(path), mkdirSync(path)], 'a folder'],
  ])('stays as it was while there is %s', async (_, spoil, why) => {
    const source = await open();
    spoil();
    const { changed, problem } = await source.renew();
    expect(changed).toBe(false);
    expect(problem).toContain(`${name} names ${path}, `);
    expect(problem).toContain(why);
    expect(problem).toMatch(/the token before stays in use$/);
    expect(problem).not.toContain(OTHER.slice(0, 8));
    expect(source.current()).toBe(TOKEN);
    rmSync(path, { recursive: true, force: true });
    writeFileSync(path, OTHER);
    expect(await source.renew()).toEqual({ changed: true });
  });
});

it('is the fallback while the file is away', async () => {
  rmSync(path);
  const env = environment({ AUTHENTIK_TOKEN: `file://${path}?${OTHER}` });
  const { token } = (await readOutpostStart({ file: undefined, env }))!;
  expect(token.current()).toBe(OTHER);
  writeFileSync(path, TOKEN);
  expect(await token.renew()).toEqual({ changed: true });
  expect(token.current()).toBe(TOKEN);
});

it('stays as it was where no file has it', async () => {
  for (const env of [environment(), environment({ AUTHENTIK_TOKEN: 'env://MINE', MINE: TOKEN })]) {
    const { token } = (await readOutpostStart({ file: undefined, env }))!;
    expect(token.current()).toBe(TOKEN);
    expect(await token.renew()).toEqual({ changed: false });
  }
});

it('is that of the environment where the file names one too', async () => {
  const file = join(folder, 'both.yaml');
  writeFileSync(file, 'outpost: { token_file: token }');
  const { token } = (await readOutpostStart({ file, env: environment({ AUTHENTIK_TOKEN: OTHER }) }))!;
  writeFileSync(path, 'z'.repeat(40));
  expect(await token.renew()).toEqual({ changed: false });
  expect(token.current()).toBe(OTHER);
});
