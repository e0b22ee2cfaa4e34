/** Target: what an anonymous request costs. No path, whatever is in it, takes many times as long as a plain one of the same length. */
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import type { Rule } from './sites.ts';
import { type Target, tryAll } from './target.ts';
import type { World } from './world.ts';

const COUNT = 200;
/** Rules of each kind in turn, with patterns that match late or never. */
export const manyRules: Rule[] = Array.from({ length: COUNT }, (_, at): Rule => {
  const paths = [`^/area${at}/`, `/(a|b|c)+${at}$`, `(?i)^/.*${at}\\.(png|css|js)$`, `^/([a-z]+/)*item${at}$`];
  const policies = ['public', 'required', 'optional', 'deny'] as const;
  return { path: paths[at % paths.length]!, policy: policies[(at >> 2) % policies.length]! };
});

const PIECES =
  '/ .. . ; \\ // %2e %2f %5c %25 %252e %252f %00 %ff %c0%af %c0%ae # a area1 item7 .png ／ ． ‥ ； é %e2%80%a5 ;a=b /a/../ /%2e%2e/ ..;/ /./'.split(
    ' ',
  );
/** A few pieces, again and again: what grows with its length faster than it should shows so. */
const paths = fc
  .tuple(
    fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 5 }),
    fc.constantFrom(1, 3, 10, 40, 200),
    fc.array(fc.constantFrom(...PIECES), { maxLength: 4 }),
  )
  .map(([pieces, times, end]) => `/${pieces.join('').repeat(times)}${end.join('')}`.slice(0, 4000));

/** A request is measured so often; the fastest counts, because other programs run on the machine. */
const TRIES = 4;
const MAX_TRIES = 40;
/** The contract says twice; what other programs on the machine add to so short a time is on top. */
const MAX_FACTOR = 2;
const NOISE_MS = 0.25;
/** A path that looks slow is measured again beside the plain one: a busy machine is slow with both, and not for long. */
const ROUNDS = 6;
const PAUSE_MS = 100;

function questionOf(path: string): string {
  const own = `X-Forwarded-Proto: http\r\nX-Forwarded-Host: app.example.com\r\nX-Forwarded-Uri: ${path}`;
  return `GET /outpost.goauthentik.io/auth/traefik HTTP/1.1\r\nHost: gatepost\r\nAccept: image/png\r\n${own}\r\n\r\n`;
}

/** Milliseconds from the arrival of a request to its answer, at best. */
async function fastest(world: World, text: string, tries: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < tries; at++) least = Math.min(least, await world.durationOf(text));
  return least;
}

export const cost: Target = {
  name: 'cost',
  quickRuns: 100,
  rules: manyRules,
  async run(world, amount) {
    const plain = new Map<number, number>();
    const notes = { 'worst factor': 0, 'worst in microseconds': 0 };
    const inputs = await tryAll(paths, amount, async (path) => {
      const raw = Buffer.from(path, 'utf8').toString('latin1');
      // Bytes that are not ASCII are percent-encoded before anything else: that is the length that counts.
      const size = Math.ceil(encodeURI(path).length / 500) * 500;
      const baseText = questionOf(`/${'page/'.repeat(size / 5)}`);
      let base = plain.get(size) ?? (await fastest(world, baseText, MAX_TRIES));
      plain.set(size, base);
      let least = await fastest(world, questionOf(raw), TRIES);
      const isSlow = () => least > MAX_FACTOR * base + NOISE_MS;
      for (let round = 0; round < ROUNDS && isSlow(); round++) {
        if (round > 0) await setTimeout(PAUSE_MS);
        base = await fastest(world, baseText, MAX_TRIES);
        least = await fastest(world, questionOf(raw), MAX_TRIES);
      }
      notes['worst factor'] = Math.max(notes['worst factor'], Number((least / base).toFixed(1)));
      notes['worst in microseconds'] = Math.max(notes['worst in microseconds'], Math.round(least * 1000));
      if (isSlow()) throw new Error(`${least} ms, a plain path of that length ${base} ms: ${JSON.stringify(path)}`);
    });
    return { inputs, notes };
  },
};
