/**
 * The search: the first rule that matches a request, and the strictest of several where a path can be read in several
 * ways. Pure.
 */
import type { PatternSet } from '../patterns.ts';
import { type CompiledRule, isPermissive, matchesMethod, matchesNetwork, type Rule, type RuleRequest } from './rule.ts';

export type RuleMatcher = (request: RuleRequest) => readonly Rule[];

export const DEFAULT_RULES: readonly Rule[] = [{ name: 'default', policy: 'required', principals: () => true }];
const UNREADABLE_RULES: readonly Rule[] = [{ name: 'unreadable path', policy: 'deny', principals: () => false }];

/** The numbers of the patterns that match. */
interface Matches {
  paths: readonly number[];
  urls: readonly number[];
}

/** @param rules in order; those with patterns in the order of their patterns */
export function createRuleMatcher(rules: readonly CompiledRule[], paths: PatternSet, urls: PatternSet): RuleMatcher {
  const numbersOf = (want: (rule: CompiledRule) => boolean) =>
    rules.flatMap((rule, number) => (want(rule) ? number : []));
  const always = numbersOf(({ pattern }) => pattern < 0);
  const byPath = numbersOf(({ pattern, wholeUrl }) => pattern >= 0 && !wholeUrl);
  const byUrl = numbersOf(({ wholeUrl }) => wholeUrl);

  /** The rules whose pattern matches or that have none, in order: the others are not looked at, be they two hundred. */
  const candidates = (permissive: Matches | undefined, restrictive: Matches): readonly number[] => {
    const found = restrictive.paths
      .map((pattern) => byPath[pattern] as number)
      .filter((number) => !isPermissive(rules[number] as CompiledRule));
    for (const pattern of permissive?.paths ?? []) {
      const number = byPath[pattern] as number;
      if (isPermissive(rules[number] as CompiledRule)) found.push(number);
    }
    for (const pattern of permissive?.urls ?? []) found.push(byUrl[pattern] as number);
    return found.length === 0 ? always : [...found, ...always].sort((a, b) => a - b);
  };
  /** `permissive`, `restrictive`: the patterns that count for rules that open a door and for those that close one. */
  const first = (request: RuleRequest, permissive: Matches | undefined, restrictive: Matches): readonly Rule[] => {
    for (const number of candidates(permissive, restrictive)) {
      const rule = rules[number] as CompiledRule;
      if (!permissive && isPermissive(rule)) continue;
      if (matchesMethod(rule, request) && matchesNetwork(rule, request)) return rule.asResult;
    }
    return DEFAULT_RULES;
  };
  return (request) => {
    const { path, href } = request;
    if (!path.ambiguous) {
      const permissive = { paths: paths(path.decoded), urls: urls(href) };
      if (path.variants.length === 1) return first(request, permissive, permissive);
      return first(request, permissive, { paths: path.variants.flatMap(paths), urls: [] });
    }
    // Attack: a path that is public as it stands and `/admin` to the application behind. What can be read in another
    // way is matched by no rule that opens; each variant meets all rules that close, and the strictest of those
    // decides.
    if (path.variants.length === 0) return UNREADABLE_RULES;
    const found = new Set(
      path.variants.map((variant) => first(request, undefined, { paths: paths(variant), urls: [] })),
    );
    return [...found].flat();
  };
}
