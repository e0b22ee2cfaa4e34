import { expect, test } from 'vitest';
import { toLines, toTable } from '../../src/cli/sessions_words.ts';
import type { SessionFacts } from '../../src/sessions/directory.ts';

const facts: SessionFacts = {
  id: '0123456789abcdef',
  key: 's:key',
  application: 'grafana',
  issuer: 'https://auth.example.com/',
  sub: 'mallory-sub',
  user: {
    username: 'mallory\nfedcba9876543210  root  grafana',
    groups: ['staff\nuser          root'],
    entitlements: [],
    email: 'mallory@example.com',
    name: 'Mallory\r\u2028\u202euser          root',
    uid: 'mallory-sub',
    attributes: {},
  },
  authMethod: 'login',
  since: 0,
  lastUse: 0,
  until: 1,
  address: undefined,
  device: undefined,
  tokenIssuedAt: 0,
};

// Attack: a name with a line feed in it forges the line of a session that the operator then ends.
test('each session is one line, whatever its user is called', () => {
  const lines = toTable([facts]);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/^0123456789abcdef {2}mallory\\u000afedcba9876543210 {2}root {2}grafana {2}grafana/);
  expect(lines.join('')).not.toContain('\n');
});

test('each fact of a session is one line, whatever it says', () => {
  const lines = toLines(facts, { at: 0, address: 'https://app.example.com/\nuser root', reason: 'forbidden' });
  expect(lines.join('')).not.toMatch(/[\r\n\u2028\u202e]/);
  expect(lines.filter((line) => line.startsWith('user '))).toHaveLength(1);
});

// Attack: a megabyte of a name would be in each line of the table.
test('a name that nobody could read is cut', () => {
  const long = { ...facts, user: { ...facts.user, username: 'x'.repeat(1_000_000) } };
  expect(Math.max(...toTable([facts, long]).map((line) => line.length))).toBeLessThan(400);
});
