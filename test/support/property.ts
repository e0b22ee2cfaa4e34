/** How property tests run: the same cases every time, or others with `PROPERTY_SEED=<number>` (a failure prints its seed). */
import fc from 'fast-check';

const seed = Number(process.env.PROPERTY_SEED ?? 20_261_123);

/** Fails with the smallest counterexample if the property does not hold in `runs` cases. */
export function expectAlways<T>(property: fc.IRawProperty<T>, runs = 500): void {
  fc.assert(property, { seed, numRuns: runs });
}

/** Texts made of these pieces and of any characters between them: far likelier to mean something than random ones. */
export function textOf(pieces: readonly string[], maxLength = 12): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...pieces) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 4 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 2 }) },
  );
  return fc.array(piece, { maxLength }).map((parts) => parts.join(''));
}
