import { expect, test } from 'vitest';
import { candidates, valuesAt } from '../../src/provider/claim_path.ts';

const first = (claims: Record<string, unknown>, path: string) => [...valuesAt(claims, path)][0];

test.each<[string, Record<string, unknown>, unknown]>([
  ['groups', { groups: 'x' }, 'x'],
  ['realm_access.roles', { realm_access: { roles: 'x' } }, 'x'],
  ['https://example.com/roles', { 'https://example.com/roles': 'x' }, 'x'],
  ['https://example.com/claims.groups', { 'https://example.com/claims': { groups: 'x' } }, 'x'],
  ['https://example.com/claims.a.b', { 'https://example.com/claims': { 'a.b': 'x' } }, 'x'],
  ['resource_access.my.app.roles', { resource_access: { 'my.app': { roles: 'x' } } }, 'x'],
  [
    'resource_access.my.app.roles',
    { resource_access: { my: { app: { roles: 'no' } }, 'my.app': { roles: 'x' } } },
    'x',
  ],
  ['a.b.c', { 'a.b': { c: 'x' }, a: { b: { c: 'no' } } }, 'x'],
  ['a.b.c', { 'a.b.c': 'x', 'a.b': { c: 'no' } }, 'x'],
  ['a.b.c', { 'a.b': { d: 1 }, a: { 'b.c': 'x', b: { c: 'no' } } }, 'x'],
  ['a.b', { 'a.b': 'x', a: { b: 'no' } }, 'x'],
  ['a.b', { a: [{ b: 'no' }] }, undefined],
  ['a.b', { a: 'text' }, undefined],
  ['a.b', { a: '{"b":"x"}' }, 'x'],
  ['a.b.c', { a: ' {"b":{"c":"x"}}' }, 'x'],
  ['a.b', { a: '{"b"' }, undefined],
  ['a.length', { a: '"text"' }, undefined],
  ['.a', { '': { a: 'no' } }, undefined],
  ['a.', { a: { '': 'x' } }, 'x'],
])('%s in %j', (path, claims, found) => expect(first(claims, path)).toEqual(found));

// Attack: a mapping, or a claim, reaches what JavaScript puts into every object.
test.each([
  'constructor.name',
  'a.constructor.name',
  '__proto__.x',
  'toString',
  'a.__proto__',
  'a.b.length',
])('%s finds nothing', (path) => expect(first({ a: { b: 'text' } }, path)).toBeUndefined());

test('an own claim of such a name is one as any other', () => {
  expect(first(JSON.parse('{"__proto__":{"groups":"x"}}'), '__proto__.groups')).toBe('x');
});

test('the sources come before the list, and the list before shorter names', () => {
  const sources = [{ b: 1 }, { a: 2, b: 3 }];
  expect([...candidates(sources, { groups: ['a', 'b'] }, 'groups')].map(({ value }) => value)).toEqual([1, 2, 3]);
});
