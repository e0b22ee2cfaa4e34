import { describe, expect, it } from 'vitest';
import { requesterOf } from '../../src/credentials/client_network.ts';
import { createRequestSlots, type RequestSlots } from '../../src/credentials/request_slots.ts';

const settled = async (work: Promise<unknown>) => {
  const pending = Symbol();
  return (await Promise.race([work, new Promise((resolve) => setTimeout(resolve, 5, pending))])) !== pending;
};

/** Those that still wait at the end of a test give up ten seconds later, in the midst of another one. */
function acquireMany(slots: RequestSlots, count: number, line: (n: number) => string) {
  const all = Array.from({ length: count }, (_, n) => slots.acquire(line(n)));
  for (const slot of all) slot.catch(() => undefined);
  return all;
}

describe('requests to a provider', () => {
  // Attack: an attacker with a whole network fills a slow provider, and the owner of a password finds no place.
  it('of one line take a quarter at most, and leave the others for other lines', async () => {
    const slots = createRequestSlots();
    const attacker = acquireMany(slots, 100, () => 'attacker');
    expect(await settled(attacker[63]!)).toBe(true);
    expect(await settled(attacker[64]!)).toBe(false);
    expect(await settled(slots.acquire('owner'))).toBe(true);
    (await attacker[0]!)();
    expect(await settled(attacker[64]!)).toBe(true);
    expect(await settled(attacker[65]!)).toBe(false);
  });

  // Attack: an attacker with some networks fills all slots and has hundreds wait.
  it('leave the first one of every line a slot, and lines that wait take turns', async () => {
    const slots = createRequestSlots();
    const running = await Promise.all(acquireMany(slots, 256, (n) => `net ${n % 8}`));
    const waiting = acquireMany(slots, 400, (n) => `net ${n % 8}`);
    expect(await settled(slots.acquire('owner'))).toBe(true);
    const second = slots.acquire('owner');
    // One more than 256 are running: the first slot that is free again is none.
    for (const free of running.slice(0, 9)) free();
    expect(await settled(second)).toBe(false);
    running[9]!();
    expect(await settled(second)).toBe(true);
    expect(await settled(waiting[8]!)).toBe(false);
  });

  it('are bounded over all lines', async () => {
    const slots = createRequestSlots();
    const running = await Promise.all(acquireMany(slots, 512, (n) => `net ${n}`));
    const owner = slots.acquire('owner');
    expect(await settled(owner)).toBe(false);
    running[0]!();
    expect(await settled(owner)).toBe(true);
  });

  it('are unavailable when a hundred of one line wait, a thousand of all, or after a while', async () => {
    const slots = createRequestSlots(50);
    const one = acquireMany(slots, 164, () => 'one');
    await expect(slots.acquire('one')).rejects.toMatchObject({ code: 'provider_unavailable' });
    const many = acquireMany(slots, 192 + 900, (n) => `net ${n % 20}`);
    await expect(slots.acquire('net 1')).rejects.toMatchObject({ code: 'provider_unavailable' });
    const results = await Promise.allSettled([...one, ...many]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(256);
    const next = slots.acquire('net 1');
    for (const result of results) if (result.status === 'fulfilled') result.value();
    expect(await settled(next)).toBe(true);
  });
});

describe('the line of a client', () => {
  it.each([
    ['192.0.2.1', '192.0.2.200', true],
    ['192.0.2.1', '192.0.3.1', false],
    ['192.0.2.1', '::ffff:192.0.2.9', true],
    ['2001:db8:1:1::1', '2001:db8:1:2::1', true],
    ['2001:db8:1:1::1', '2001:db8:2:1::1', false],
  ])('%s and %s: %s', (one, other, same) => {
    expect(requesterOf(one, 'alice').line === requesterOf(other, 'bob').line).toBe(same);
  });

  it('is that of the user name where the address is unknown', () => {
    expect(requesterOf('', 'ALICE').line).toBe(requesterOf('', 'alice').line);
    expect(requesterOf('', 'alice').line).not.toBe(requesterOf('', 'bob').line);
  });
});
