/** docs/header-authentication.md has no example that no test runs. */
import { expect, test } from 'vitest';
import { applyDiff, diffs, examples } from './document.ts';

test('every example for users is one that a test runs', () => {
  const counts = [...examples('sh')].map(([heading, codes]) => [heading, codes.length]);
  expect(counts).toEqual([
    ['curl', 3],
    ['git', 1],
    ['rclone and other WebDAV clients', 2],
    ['docker login', 1],
    ['CI scripts and monitors', 2],
  ]);
});

test('there is a diff for each proxy', () => {
  const proxies = new Set([...diffs().keys()].map((file) => file.split(':')[0]));
  expect([...proxies].sort()).toEqual(['Caddy', 'Envoy', 'HAProxy', 'Traefik', 'nginx']);
});

test('a diff whose context is not in the file, or is there twice, is an error', () => {
  expect(applyDiff('a\nb\nc\n', ' a\n+new\n b\n…\n+last\n c\n')).toBe('a\nnew\nb\nlast\nc\n');
  expect(() => applyDiff('a\n', ' b\n+new\n')).toThrow('not once');
  expect(() => applyDiff('a\na\n', ' a\n+new\n')).toThrow('not once');
});
