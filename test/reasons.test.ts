/** The table of reasons and its documentation are one list. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { REASONS, type Reason } from '../src/reasons.ts';

const page = (name: string) => readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8');
const codes = Object.keys(REASONS) as Reason[];

describe.each(codes)('%s', (code) => {
  const { docs, status, text } = REASONS[code];

  test('has a row of its own in the table for operators', () => {
    const row = new RegExp(`^\\| <a id="${code}"></a>\`${code}\` \\| ([^|]+) \\|`, 'm').exec(page('operating.md'));
    // A client that cannot be redirected gets a 401; a login fails with 400 or 403.
    expect(row?.[1]).toContain(String(status));
  });

  test('names a place in the documentation that exists', () => {
    const [file = '', anchor = ''] = docs.split('#');
    expect(page(file)).toContain(`<a id="${anchor}"></a>`);
  });

  test('has a plain sentence', () => {
    expect(text).toMatch(/^[a-z][\x20-\x7e]+$/);
  });
});

test('the table for operators lists no other reason', () => {
  const listed = [...page('operating.md').matchAll(/^\| <a id="(\w+)"><\/a>/gm)].map(([, code]) => code);
  expect(listed.sort()).toEqual([...codes].sort());
});
