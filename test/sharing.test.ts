import { expect, test } from 'vitest';
import { createSharing } from '../src/sharing.ts';

function setUp() {
  const givenUp: string[] = [];
  const made: string[] = [];
  const share = createSharing<{ name: string }>(({ name }) => void givenUp.push(name));
  const make = (name: string) => () => {
    made.push(name);
    return { name };
  };
  return { share, make, made, givenUp };
}

test('a value is made once for all that need it, and given up with the last', () => {
  const { share, make, made, givenUp } = setUp();
  const [one, other] = [share(), share()];
  expect(one.get('a', make('a'))).toBe(other.get('a', make('a')));
  expect(one.get('a', make('a'))).toBe(other.get('a', make('a')));
  one.release();
  one.release();
  expect(givenUp).toEqual([]);
  other.release();
  expect({ made, givenUp }).toEqual({ made: ['a'], givenUp: ['a'] });
});

test('who joins in keeps what is there, and makes nothing', () => {
  const { share, make, made, givenUp } = setUp();
  const before = share();
  const value = before.get('a', make('a'));
  const after = share();
  after.join('a');
  after.join('b');
  before.release();
  expect(after.get('a', make('a'))).toBe(value);
  after.release();
  expect({ made, givenUp }).toEqual({ made: ['a'], givenUp: ['a'] });
});

test('what asks after its share was released still gets a value, and nothing of it stays', () => {
  const { share, make, made, givenUp } = setUp();
  const late = share();
  const known = late.get('a', make('a'));
  late.release();
  expect(late.get('a', make('a'))).toBe(known);
  const own = late.get('b', make('b'));
  expect(late.get('b', make('b'))).toBe(own);
  expect(share().get('b', make('b'))).not.toBe(own);
  expect({ made, givenUp }).toEqual({ made: ['a', 'b', 'b'], givenUp: ['a'] });
});
