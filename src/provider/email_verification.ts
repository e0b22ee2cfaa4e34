/** Whether an e-mail address is verified, by all that the sources say of it. Pure. */
import { type ClaimMapping, type Claims, candidates, pathsOf, type Sources, valuesAt } from './claim_path.ts';
import { readAddress } from './claim_shapes.ts';

/**
 * What a provider says of an e-mail address: nothing, or whether it is verified.
 * Attack: a user types the address of another into a profile. Providers say "not verified" in many ways (false, "False",
 * 0, "no", null), so every value but true and its text is that.
 */
function verifiedOf(value: unknown): boolean | undefined {
  return value === undefined ? undefined : value === true || value === 'true';
}

/** An address, and where it was found. */
function locate(sources: Sources, mapping: ClaimMapping) {
  for (const { source, path, value } of candidates(sources, mapping, 'email')) {
    const address = readAddress(value).value;
    if (address !== undefined) return { source, path, address };
  }
  return undefined;
}

/** The claim beside an address: `profile.email_verified`, `https://example.com/email_verified`. */
function besideOf(source: Claims, path: string): (boolean | undefined)[] {
  const beside = path.replace(/[^./:]*$/, 'email_verified');
  return beside === 'email_verified' ? [] : [...valuesAt(source, beside)].map(verifiedOf);
}

/** The claim itself and those beside the address: "verified" counts beside the address that was taken. */
function saidBy(source: Claims, mapping: ClaimMapping): boolean | undefined {
  const own = Object.hasOwn(source, 'email_verified') ? verifiedOf(source.email_verified) : undefined;
  const beside = pathsOf(mapping, 'email').flatMap((path) => besideOf(source, path));
  if ([own, ...beside].includes(false)) return false;
  const path = locate([source], mapping)?.path;
  const isVerified = own === true || (path !== undefined && besideOf(source, path).includes(true));
  return isVerified ? true : undefined;
}

/** Whether any source says that the address is verified, or is not. */
export function saysVerification(sources: Sources, mapping: ClaimMapping): boolean {
  return sources.some((source) => saidBy(source, mapping) !== undefined);
}

/**
 * Attack: one source names an address that nobody has verified, another says `email_verified: true` of the address that
 * it knows. "Not verified" counts whoever says it; "verified" counts for the address that it was said of.
 */
export function emailVerification(sources: Sources, mapping: ClaimMapping): boolean | undefined {
  const said = sources.map((source) => saidBy(source, mapping));
  if (said.includes(false)) return false;
  const taken = locate(sources, mapping);
  const isSaidOfIt = sources.some((source, index) => {
    const other = locate([source], mapping)?.address;
    return said[index] === true && (other === undefined || taken === undefined || other === taken.address);
  });
  return isSaidOfIt ? true : undefined;
}
