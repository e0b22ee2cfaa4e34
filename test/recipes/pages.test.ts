/** Every page of docs/recipes: its configuration has nothing to warn of, and `gatepost explain` says what the page says. */
import { rmSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { configFile, gatepost } from '../cli/fixture.ts';
import { commands, configText, pages, textOf } from './page.ts';

/** The reasons that a comment may stand for. */
const REASONS: Record<string, (string | null)[]> = {
  'let in': [null],
  denied: ['denied', 'forbidden'],
  'not let in': ['no_credentials'],
};

describe.each(pages)('docs/recipes/%s.md', (page) => {
  const { folder, file } = configFile(configText(page));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('gatepost check has no warning', async () => {
    const { code, out } = await gatepost(['check', '--json', '--config', file]);
    expect([code, JSON.parse(out)]).toMatchObject([0, { errors: [], warnings: [] }]);
  });

  const asked = commands(page).flatMap(({ words, text, comment }) => {
    const at = words.indexOf('explain');
    return at < 0 ? [] : [{ text, comment, words: words.slice(at) }];
  });

  test('has a question for each kind of answer', () => {
    const kinds = new Set(asked.map(({ comment }) => comment.startsWith('let in')));
    expect(kinds.size).toBe(2);
  });

  test.each(asked)('$text', async ({ words, comment }) => {
    const { code, out } = await gatepost([...words, '--json', '--config', file]);
    const [, said = comment] = /^(let in|denied|not let in)(?:,|$)/.exec(comment) ?? [];
    expect(Object.keys(REASONS)).toContain(said);
    expect(REASONS[said]).toContain(JSON.parse(out).reason ?? null);
    expect(code).toBe(said === 'let in' ? 0 : 1);
  });

  test('says what its test runs', () => {
    expect(textOf(page)).toMatch(/^What the test (?:runs|does): /m);
  });
});
