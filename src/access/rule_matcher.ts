/**
 * The search: the first rule that matches a request, and the strictest of several where a path can be read in several
 * ways. Pure.
 */
import type { PatternSet } from '../patterns.ts';
import { mayOpen } from './path_budget.ts';
import { type CompiledRule, isPermissive, matchesBesidePath, type Rule, type RuleRequest, urlWith } from './rule.ts';
import { createHostIndex } from './rule_hosts.ts';

export type RuleMatcher = (request: RuleRequest) => readonly Rule[];

export interface RulePatterns {
  /** Those that are compared with the path, in the order of their rules. */
  paths: PatternSet;
  /** Those that are compared with the whole URL. */
  urls: PatternSet;
}

export const DEFAULT_RULES: readonly Rule[] = [{ name: 'default', policy: 'required', principals: () => true }];

/** The numbers of the patterns that match. */
interface Matches {
  paths: readonly number[];
  urls: readonly number[];
}

/**
 * @param rules in order; those with patterns in the order of their patterns
 * @param readings of an ambiguous path; none where there are too many
 */
export function createRuleMatcher(
  rules: readonly CompiledRule[],
  patterns: RulePatterns,
  readings: (raw: string) => readonly string[],
): RuleMatcher {
  const { paths, urls } = patterns;
  const first = createSearch(rules);
  const byUrl = rules.some(({ wholeUrl }) => wholeUrl);
  const matchesOf = (reading: string, request: RuleRequest): Matches => ({
    paths: paths.match(reading),
    urls: byUrl ? urls.match(urlWith(reading, request)) : NO_MATCHES.urls,
  });
  return (request) => {
    const { raw, decoded, ambiguous } = request.path;
    if (ambiguous) return matchAmbiguous(request);
    if (decoded === raw) {
      const both = matchesOf(raw, request);
      return first(request, both, both);
    }
    // An escape that all programs read alike: an open door must be written decoded, a closed one may be written either
    // way.
    const written = matchesOf(raw, request);
    const open = { paths: paths.match(decoded), urls: written.urls };
    return first(request, open, { paths: [...open.paths, ...written.paths], urls: NO_MATCHES.urls });
  };

  // Attack: a path that is public as it stands and `/admin` to the application behind. A rule that opens matches only
  // where it matches every reading; each reading meets all rules that close, and the strictest of those decides.
  function matchAmbiguous(request: RuleRequest): readonly Rule[] {
    const all = readings(request.path.raw);
    if (all.length === 0) return unread(rules, request);
    const matches = all.map((reading) => matchesOf(reading, request));
    const open = mayOpen(all) ? matches.reduce(intersection) : NO_MATCHES;
    const found = new Set(matches.map((one) => first(request, open, one)));
    return [...found].flat();
  }
}

const NO_MATCHES: Matches = { paths: [], urls: [] };
function intersection(one: Matches, other: Matches): Matches {
  return {
    paths: one.paths.filter((pattern) => other.paths.includes(pattern)),
    urls: one.urls.filter((pattern) => other.urls.includes(pattern)),
  };
}

/**
 * The rules for a path with too many readings: every rule that closes and that one of them may match, up to the first
 * one that is about all paths. They are at least as strict as those of any reading.
 */
function unread(rules: readonly CompiledRule[], request: RuleRequest): readonly Rule[] {
  const found: Rule[] = [];
  for (const rule of rules) {
    if (isPermissive(rule) && rule.pattern >= 0) continue;
    if (!matchesBesidePath(rule, request)) continue;
    found.push(...rule.asResult);
    if (rule.pattern < 0) return found;
  }
  return [...found, ...DEFAULT_RULES];
}

/** `permissive`, `restrictive`: the patterns that count for rules that open a door and for those that close one. */
type Search = (request: RuleRequest, permissive: Matches, restrictive: Matches) => readonly Rule[];

function createSearch(rules: readonly CompiledRule[]): Search {
  const numbersOf = (want: (rule: CompiledRule) => boolean) =>
    rules.flatMap((rule, number) => (want(rule) ? number : []));
  const withoutPattern = createHostIndex(
    new Map(numbersOf(({ pattern }) => pattern < 0).map((number) => [number, rules[number]?.source.hosts])),
  );
  const byPath = numbersOf(({ pattern, wholeUrl }) => pattern >= 0 && !wholeUrl);
  const byUrl = numbersOf(({ wholeUrl }) => wholeUrl);

  /** The rules whose pattern matches or that have none, in order: the others are not looked at, be they two hundred. */
  const candidates = (host: string, permissive: Matches, restrictive: Matches): readonly number[] => {
    const found = restrictive.paths
      .map((pattern) => byPath[pattern] as number)
      .filter((number) => !isPermissive(rules[number] as CompiledRule));
    for (const pattern of permissive.paths) {
      const number = byPath[pattern] as number;
      if (isPermissive(rules[number] as CompiledRule)) found.push(number);
    }
    for (const pattern of permissive.urls) found.push(byUrl[pattern] as number);
    const always = withoutPattern(host);
    return found.length === 0 ? always : [...found, ...always].sort((a, b) => a - b);
  };
  return (request, permissive, restrictive) => {
    for (const number of candidates(request.host, permissive, restrictive)) {
      const rule = rules[number] as CompiledRule;
      if (matchesBesidePath(rule, request)) return rule.asResult;
    }
    return DEFAULT_RULES;
  };
}
