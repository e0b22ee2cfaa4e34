import { describe, expect, test } from 'vitest';
import { readAddress, readNames, readObject, readShownText, readText } from '../../src/provider/claim_shapes.ts';

describe('names of groups', () => {
  test.each<[string, unknown, string[]]>([
    ['a text', 'admins', ['admins']],
    ['a text with commas and spaces is one name', 'IT, Berlin users', ['IT, Berlin users']],
    ['a number', 7, ['7']],
    ['a boolean', true, ['true']],
    ['a list', ['a', 1, false], ['a', '1', 'false']],
    ['a list with nothing in between', ['a', null, '', 'b'], ['a', 'b']],
    ['an empty list', [], []],
    ['objects with a name (Casdoor)', [{ owner: 'x', name: 'a' }, { name: 2 }], ['a', '2']],
    ['texts and objects', ['a', { name: 'b' }], ['a', 'b']],
    ['one object with a name', { id: 1, name: 'a' }, ['a']],
    ['an object (Zitadel)', { a: { 28: 'x' }, b: {} }, ['a', 'b']],
    ['an object with an entry that is called name', { name: { 28: 'x' }, b: {} }, ['name', 'b']],
    ['an empty object', {}, []],
    ['a JSON text of a list', ' ["a","b"]', ['a', 'b']],
    ['a JSON text of objects', '[{"name":"a"}]', ['a']],
    ['a JSON text of an object', '{"a":{},"b":{}}', ['a', 'b']],
    ['a JSON text of a text', '"a"', ['a']],
    ['a text that merely begins so', '[IT] admins', ['[IT] admins']],
    ['a JSON text in a list is a name', ['["a"]'], ['["a"]']],
    ['a JSON text in a JSON text is a name', '"[\\"a\\"]"', ['["a"]']],
  ])('%s', (_, value, names) => expect(readNames(value)).toEqual({ value: names, isUnderstood: true }));

  test.each([undefined, null, ''])('%j says nothing', (value) =>
    expect(readNames(value)).toEqual({ value: undefined, isUnderstood: true }));

  test.each<[string, unknown, string[] | undefined]>([
    ['objects without a name', [{ id: 7 }], undefined],
    ['lists in a list', [['a']], undefined],
    ['a number that is rounded', [2 ** 53], undefined],
    ['one of several', ['a', { id: 7 }, ['b']], ['a']],
    ["a name that is JavaScript's", [JSON.parse('{"__proto__":{"name":"a"}}')], undefined],
  ])('not understood: %s', (_, value, names) =>
    expect(readNames(value)).toEqual({ value: names, isUnderstood: false }));

  // Attack: an object that says of each group whether the user is in it makes everybody an admin.
  test('the keys of an object whose value is false or null are no groups', () => {
    expect(readNames({ admins: false, users: true, staff: null }).value).toEqual(['users']);
    expect(readNames('{"admins":false}').value).toEqual([]);
  });
});

describe('one text', () => {
  test.each<[unknown, string | undefined]>([
    ['alice', 'alice'],
    [7, '7'],
    [['', null, 'alice', 'root'], 'alice'],
    [[{ name: 'alice' }], 'alice'],
    [{ name: 'alice' }, 'alice'],
    ['', undefined],
    [null, undefined],
    [[], undefined],
    [[''], undefined],
  ])('%j', (value, text) => expect(readText(value)).toEqual({ value: text, isUnderstood: true }));

  // Attack: what is the same for every user, or for two of them, names nobody.
  test.each([true, false, { id: 1 }, {}, [['alice']], [{ id: 1 }], 2 ** 53, Number.NaN])('%j names nobody', (value) =>
    expect(readText(value)).toEqual({ value: undefined, isUnderstood: false }));

  // Attack: people who choose their own user name choose one that is read as another.
  test.each(['["root"]', '"root"', '{"name":"root"}'])('a user who is called %s is not root', (name) =>
    expect(readText(name).value).toBe(name));

  test('an address may stand in a JSON text, and a boolean may be shown', () => {
    expect(readAddress('["a@x","b@x"]').value).toBe('a@x');
    expect(readAddress('"a b"@x').value).toBe('"a b"@x');
    expect(readAddress(['a@x', 'b@x']).value).toBe('a@x');
    expect(readShownText(true).value).toBe('true');
    expect(readShownText('true story').value).toBe('true story');
  });
});

test('an object, or a JSON text of one', () => {
  expect(readObject({ a: 1 }).value).toEqual({ a: 1 });
  expect(readObject('{"a":1}').value).toEqual({ a: 1 });
  expect(readObject(null)).toEqual({ value: undefined, isUnderstood: true });
  for (const other of ['x', 1, [{}]]) expect(readObject(other)).toEqual({ value: undefined, isUnderstood: false });
});
