import { expect, test } from 'vitest';
import { reservePlace } from '../../src/stores/reservations.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const at = (now: number, member = 'late') => ({ member, limit: 2, endsAt: now + MINUTE, now });

/** A counter that two members have filled. */
function full(now: number): string {
  const first = reservePlace(undefined, at(now, 'one')).record!.text;
  return reservePlace(first, at(now, 'two')).record!.text;
}

test('a full counter is not written', () => {
  const start = 10 * HOUR;
  expect(reservePlace(full(start), at(start + 1000))).toEqual({
    reservation: { kind: 'full', retryAfterMs: MINUTE - 1000 },
  });
});

// Everybody behind one address would be locked out for as long as the clock jumped.
test('after the clock was put back by an hour, places last no longer than new ones', () => {
  const text = full(10 * HOUR);
  const { reservation, record } = reservePlace(text, at(9 * HOUR));
  expect(reservation).toEqual({ kind: 'full', retryAfterMs: MINUTE });
  expect(record?.endsAt).toBe(9 * HOUR + MINUTE);
  // They go on from there, and no further.
  expect(reservePlace(record!.text, at(9 * HOUR + MINUTE - 1)).reservation).toEqual({ kind: 'full', retryAfterMs: 1 });
  expect(reservePlace(record!.text, at(9 * HOUR + MINUTE)).reservation.kind).toBe('reserved');
});
