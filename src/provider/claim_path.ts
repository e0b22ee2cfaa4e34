/** Where a claim of authentik's name is found in what a provider sends. Pure. */
import { isObject } from '../json.ts';
import { parsed } from './claim_shapes.ts';

export type Claims = Record<string, unknown>;
/** What several sources say of one user, the one that counts most first: ID token, access token, userinfo. */
export type Sources = readonly Claims[];
/**
 * authentik's name of a claim → the name of another one, a dotted path (`realm_access.roles`), or a list of these, of
 * which the first that is there counts.
 */
export type ClaimMapping = Record<string, string | readonly string[]>;

/** For claims that are named as the provider names them: a mapping is about authentik's names. */
export const NO_MAPPING: ClaimMapping = {};

/** A value that may be the claim that was looked for. */
export interface Candidate {
  source: Claims;
  path: string;
  value: unknown;
}

/** @param name authentik's */
export function pathsOf(mapping: ClaimMapping, name: string): readonly string[] {
  const paths = (Object.hasOwn(mapping, name) ? mapping[name] : undefined) ?? name;
  return typeof paths === 'string' ? [paths] : paths;
}

/**
 * The values at a dotted path. Names of claims may have dots themselves (`https://example.com/claims`, or the name of a
 * client), so at every step the longest name comes first. A step may lead into an object, or a JSON text of one.
 * Attack: a mapping to `constructor.name` must not find what JavaScript puts there: own properties only.
 */
export function* valuesAt(claims: Claims, path: string): Generator<unknown, void> {
  if (Object.hasOwn(claims, path)) yield claims[path];
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const name = path.slice(0, dot);
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    const inner = parsed(value);
    if (isObject(inner)) yield* valuesAt(inner, path.slice(dot + 1));
  }
}

/**
 * Source by source: a claim of a token is not overruled by an earlier name of the mapping in userinfo, so that the user
 * name is the same whether or not userinfo could be asked.
 * @param name authentik's
 */
export function* candidates(sources: Sources, mapping: ClaimMapping, name: string): Generator<Candidate, void> {
  for (const source of sources) {
    for (const path of pathsOf(mapping, name)) {
      for (const value of valuesAt(source, path)) yield { source, path, value };
    }
  }
}
