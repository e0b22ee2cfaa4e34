import { expect, test } from 'vitest';
import { readUser } from '../../src/provider/kept_claims.ts';

const identity_headers = { preset: 'authentik' as const, headers: {} };
const rule = (claims: Record<string, string[]>) => ({ policy: 'required' as const, claims });
const read = (sources: Record<string, unknown>[], ...rules: Record<string, string[]>[]) =>
  readUser(sources, { claims: {}, access: rules.map(rule), identity_headers }).claims;

test('an application whose rules name no claim keeps none', () => {
  expect(read([{ sub: 'u', department: 'sales' }])).toBeUndefined();
});

test('the claims of all rules are kept, in whichever shape they come, and no others', () => {
  const claims = {
    sub: 'u',
    department: 'sales',
    level: 2,
    mfa: true,
    roles: [{ name: 'a' }, 'b', 'b'],
    'https://example.com/unit': '["x","y"]',
    realm: { flags: { on: true, off: false } },
    salary: 'secret',
  };
  expect(
    read(
      [claims],
      { department: ['x'], level: ['1'] },
      { mfa: ['true'], roles: ['a'], gone: ['1'] },
      {
        'https://example.com/unit': ['x'],
        'realm.flags': ['on'],
      },
    ),
  ).toEqual({
    department: ['sales'],
    level: ['2'],
    mfa: ['true'],
    roles: ['a', 'b'],
    gone: [],
    'https://example.com/unit': ['x', 'y'],
    'realm.flags': ['on'],
  });
});

test('a token is not overruled by userinfo, which adds what it lacks', () => {
  const sources = [
    { sub: 'u', department: 'finance' },
    { sub: 'u', department: 'sales', level: '2' },
  ];
  expect(read(sources, { department: ['sales'], level: ['2'] })).toEqual({ department: ['finance'], level: ['2'] });
});

// Attack: a claim with thousands of values, or very long ones, in every session.
test('of many values those that rules want are kept, and some of the others', () => {
  const many = Array.from({ length: 5000 }, (_, i) => `v${i}`);
  const values = [...many, 'x'.repeat(100_000), 'y'.repeat(300)];
  const kept = read([{ sub: 'u', roles: values }], { roles: ['v4999'] }, { roles: ['v4321', 'y'.repeat(300)] });
  expect(kept?.roles?.slice(0, 4)).toEqual(['v4321', 'v4999', 'y'.repeat(300), 'v0']);
  expect(kept?.roles).toHaveLength(53);
});

test('a name that every object has is a claim only where the provider sends it', () => {
  const kept = read([{ sub: 'u' }], { constructor: ['Object'], toString: ['x'] });
  expect(Object.entries(kept ?? {})).toEqual([
    ['constructor', []],
    ['toString', []],
  ]);
});
