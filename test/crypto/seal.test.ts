import { expect, test } from 'vitest';
import { createSeal } from '../../src/crypto/seal.ts';

const OLD = 'the old secret, which is long enough to be one';
const NEW = 'the new secret, which is long enough to be one';

test('what was sealed opens for the same purpose and place', () => {
  const seal = createSeal([OLD], 'session');
  const sealed = seal.seal('Łukasz', 'row-1');
  expect(sealed).toMatch(/^[\w-]+$/);
  expect(createSeal([OLD], 'session').open(sealed, 'row-1')).toBe('Łukasz');
});

test('the same text is never sealed alike', () => {
  const seal = createSeal([OLD], 'session');
  const sealed = new Set(Array.from({ length: 100 }, () => seal.seal('text', 'row').slice(0, 43)));
  expect(sealed.size).toBe(100);
});

test('a row that is moved to another place does not open', () => {
  const seal = createSeal([OLD], 'session');
  expect(seal.open(seal.seal('my session', 's:mine'), 's:yours')).toBeUndefined();
});

test('what one purpose has sealed another does not open', () => {
  const sealed = createSeal([OLD], 'state').seal('text', '');
  expect(createSeal([OLD], 'session').open(sealed, '')).toBeUndefined();
});

test('one changed bit anywhere, or a cut, and it does not open', () => {
  const seal = createSeal([OLD], 'session');
  const bytes = Buffer.from(seal.seal('text', 'row'), 'base64url');
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    expect(seal.open(changed.toString('base64url'), 'row')).toBeUndefined();
    expect(seal.open(bytes.subarray(0, at).toString('base64url'), 'row')).toBeUndefined();
  }
  for (const nonsense of ['', '.', '🏠', 'A'.repeat(200)]) expect(seal.open(nonsense, 'row')).toBeUndefined();
});

test('with a new secret in front the old ones go on opening, until they are taken away', () => {
  const before = createSeal([OLD], 'session').seal('text', 'row');
  const rotating = createSeal([NEW, OLD], 'session');
  expect(rotating.open(before, 'row')).toBe('text');
  const after = rotating.seal('text', 'row');
  expect(createSeal([NEW], 'session').open(after, 'row')).toBe('text');
  expect(createSeal([NEW], 'session').open(before, 'row')).toBeUndefined();
  expect(createSeal([OLD], 'session').open(after, 'row')).toBeUndefined();
});

test('keyed hashes differ by secret, purpose and text', () => {
  const seal = createSeal([NEW, OLD], 'session');
  expect(seal.hmacs('alice')).toEqual([
    createSeal([NEW], 'session').hmac('alice'),
    createSeal([OLD], 'session').hmac('alice'),
  ]);
  const others = [createSeal([NEW], 'state').hmac('alice'), seal.hmac('bob'), ...seal.hmacs('alice')];
  expect(new Set(others).size).toBe(4);
});

test('there is no seal without a secret', () => {
  expect(() => createSeal([], 'session')).toThrow(TypeError);
});
