/** The clock of the machine is wrong for a while: what is remembered of credentials goes by another one. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createDeniedCache } from '../../src/credentials/denied_cache.ts';
import { createWaitQueues } from '../../src/credentials/wait_queue.ts';
import { rejected } from '../../src/provider/index.ts';
import { basic, identityOf, makeReplica, START } from './fixture.ts';

const HOUR_MS = 3_600_000;
const alice = basic('alice', 'good password');
const wrongTime = async () => rejected('wrong_time', 'the token has expired');

let clock: { at: number };
let passed: number;
let replica: ReturnType<typeof makeReplica>;
beforeEach(() => {
  clock = { at: START };
  passed = 0;
  replica = makeReplica({ clock, elapsed: () => passed });
});
/** Time passes on both clocks. */
const pass = (ms: number) => {
  clock.at += ms;
  passed += ms;
};

describe.each([-2400 * HOUR_MS, -HOUR_MS, HOUR_MS, 2400 * HOUR_MS])('the clock jumps by %i ms', (jump) => {
  it('a refusal is remembered for its ten seconds, not less and not more', async () => {
    await replica.authenticate(basic('alice', 'bad'));
    clock.at += jump;
    pass(9999);
    expect(await replica.authenticate(basic('alice', 'bad'))).toEqual({ kind: 'refused' });
    expect(replica.stand.asked).toHaveLength(1);
    pass(1);
    await replica.authenticate(basic('alice', 'bad'));
    expect(replica.stand.asked).toHaveLength(2);
  });

  it('a provider without the grant is asked again after a minute, or at once by the record of another clock', async () => {
    replica.stand.answer = async () => rejected('grant_not_offered', 'no such grant');
    await replica.authenticate(alice);
    clock.at += jump;
    pass(59_999);
    await replica.authenticate(basic('bob', 'good'));
    expect(replica.stand.asked).toHaveLength(1);
    pass(1);
    replica.stand.answer = async (user) => identityOf(user, clock.at + 300_000);
    expect(await replica.authenticate(basic('carol', 'good'))).toMatchObject({ kind: 'accepted' });
  });

  it('a credential that the wrong clock refused is accepted a second after the clock is right again', async () => {
    const { answer } = replica.stand;
    clock.at += jump;
    replica.stand.answer = wrongTime;
    expect(await replica.authenticate(alice)).toEqual({ kind: 'refused' });
    replica.stand.answer = answer;
    clock.at -= jump;
    pass(1000);
    expect(await replica.authenticate(alice)).toMatchObject({ kind: 'accepted' });
  });

  it('a recheck that the wrong clock refuses is made again a second after the clock is right', async () => {
    await replica.authenticate(alice);
    const { answer } = replica.stand;
    pass(60_000);
    clock.at += jump;
    replica.stand.answer = wrongTime;
    await replica.authenticate(alice);
    replica.stand.answer = answer;
    clock.at -= jump;
    pass(1000);
    expect(await replica.authenticate(alice)).toMatchObject({ kind: 'accepted' });
  });
});

// Attack: a password that was revoked stays good for as long as the clock was put back.
it('Attack: a clock that is put back puts no recheck off', async () => {
  await replica.authenticate(alice);
  replica.stand.answer = async () => rejected('invalid_grant', 'revoked');
  clock.at -= HOUR_MS;
  expect(await replica.authenticate(alice)).toEqual({ kind: 'refused' });
});

it('refusals for the time alone are no guesses, and the credential stays one that was accepted before', async () => {
  await replica.authenticate(alice);
  pass(300_000);
  const { answer } = replica.stand;
  replica.stand.answer = wrongTime;
  expect(await replica.authenticate(alice)).toEqual({ kind: 'refused' });
  for (let n = 0; n < 40; n++) expect(await replica.authenticate(basic('bob', `${n}`))).toEqual({ kind: 'refused' });
  replica.stand.answer = answer;
  pass(1000);
  // Attack: guesses under a user name, by anyone, would keep its owner out.
  for (let n = 0; n < 40; n++) await replica.authenticate(basic('alice', `bad ${n}`));
  expect(await replica.authenticate(basic('alice', 'good and new'))).toMatchObject({ kind: 'limited' });
  expect(await replica.authenticate(alice)).toMatchObject({ kind: 'accepted' });
});

it('the memories of refusals and of full counters go by the time that passes', async () => {
  const denied = createDeniedCache(() => passed);
  denied.remember('one');
  const queues = createWaitQueues(() => passed);
  await queues.tryNow('counter', async () => ({ kind: 'full', retryAfterMs: 50_000 }));
  passed += 999;
  expect([denied.has('one'), queues.fullFor('counter')]).toEqual([true, 49_001]);
  passed += 9001;
  expect([denied.has('one'), queues.fullFor('counter')]).toEqual([false, undefined]);
});
