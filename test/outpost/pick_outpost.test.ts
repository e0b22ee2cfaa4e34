import { expect, test } from 'vitest';
import { AuthentikApiError } from '../../src/outpost/api.ts';
import { pickOutpost } from '../../src/outpost/pick_outpost.ts';
import type { OutpostInstance } from '../../src/outpost/types.ts';
import { outpostInstance } from './instance.ts';

const instance = (name: string, type = 'proxy') => outpostInstance({ name, type });

function failureOf(...instances: OutpostInstance[]): AuthentikApiError {
  try {
    pickOutpost(instances);
  } catch (error) {
    if (error instanceof AuthentikApiError) return error;
  }
  throw new Error('an outpost was picked');
}

test('the one outpost of the token is it', () => {
  expect(pickOutpost([instance('gates')]).name).toBe('gates');
});

test('a token that sees no outpost is not an outpost’s', () => {
  const { kind, message } = failureOf();
  expect(kind).toBe('not_an_outpost');
  expect(message).toContain("not an outpost's token: it sees no outpost");
});

test('an administrator’s token is not an outpost’s, even where one outpost alone is of type proxy', () => {
  const { kind, message } = failureOf(instance('gates'), instance('directory', 'ldap'));
  expect(kind).toBe('not_an_outpost');
  expect(message).toContain('not an outpost\'s token: it sees 2 outposts ("gates", "directory")');
});

test('names in the message are few, short and on one line', () => {
  const many = Array.from({ length: 300 }, (_, index) => instance(`${index}\n\u2028${'x'.repeat(1000)}`));
  const { message } = failureOf(...many);
  expect(message).toContain('it sees 300 outposts ("0');
  expect(message).toContain('and 295 more');
  expect(message).not.toMatch(/[\n\u2028]/);
  expect(message.length).toBeLessThan(1400);
});

test('an outpost of another type is named with it', () => {
  const { kind, message } = failureOf(instance('directory', 'ldap'));
  expect(kind).toBe('not_an_outpost');
  expect(message).toContain('not a proxy outpost\'s token: the outpost "directory" is of type ldap');
  expect(failureOf(instance('x', 'a\nb')).message).toContain('is of type "a\\nb"');
});
