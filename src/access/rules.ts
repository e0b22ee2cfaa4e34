/** Which rule a request falls under. Rules say which request; `who.ts` says which person. Pure, no I/O, no HTTP. */
import type { AccessRule } from '../config/schema/config.ts';
import { compileNetworks, type Networks } from '../http/ip.ts';
import type { ForwardedPath } from '../http/path.ts';
import { type PatternSet, patternSet } from '../patterns.ts';
import { compilePrincipals, type PrincipalMatcher } from './principals.ts';

/** What of a request the rules look at. */
export interface RuleRequest {
  path: ForwardedPath;
  /** The whole URL without fragment. */
  href: string;
  /** `undefined`: unknown. */
  method: string | undefined;
  /** Canonical address; `undefined`: unknown. */
  client: string | undefined;
}

export interface Rule {
  /** For the operator: `skip_path_regex[0]`, `access[2]`, `default`. */
  name: string;
  policy: AccessRule['policy'];
  /** Whether a signed-in person may; `required` rules only. */
  principals: PrincipalMatcher;
}

interface CompiledRule extends Rule {
  /** Number of its pattern in the set of paths (or of whole URLs); -1: every path. */
  pattern: number;
  wholeUrl: boolean;
  methods: ReadonlySet<string> | undefined;
  networks: Networks | undefined;
  /** The rule as the answer of a search, made once. */
  asResult: readonly Rule[];
}

export interface RuleOptions {
  mode: 'forward_single' | 'forward_domain';
  skip_path_regex: readonly string[];
  access: readonly AccessRule[];
}

export type RuleMatcher = (request: RuleRequest) => readonly Rule[];

const DEFAULT_RULES: readonly Rule[] = [{ name: 'default', policy: 'required', principals: () => true }];
const UNREADABLE_RULES: readonly Rule[] = [{ name: 'unreadable path', policy: 'deny', principals: () => false }];

/**
 * Compiles an application's rules. The answer of a search is the first rule that matches; several only for a path
 * that can be read in more than one way, and then the strictest of them must decide.
 */
export function compileRules(options: RuleOptions): RuleMatcher {
  const wholeUrl = options.mode === 'forward_domain';
  const paths: string[] = wholeUrl ? [] : [...options.skip_path_regex];
  const skips = options.skip_path_regex.map((_, index) =>
    complete({
      name: `skip_path_regex[${index}]`,
      policy: 'optional',
      principals: () => true,
      pattern: index,
      wholeUrl,
      methods: undefined,
      networks: undefined,
    }),
  );
  const access = options.access.map((rule, index) => {
    const pattern = rule.path === undefined ? -1 : paths.push(rule.path) - 1;
    return complete({
      name: `access[${index}]`,
      policy: rule.policy,
      principals: compilePrincipals(rule),
      pattern,
      wholeUrl: false,
      methods: rule.methods && new Set(rule.methods),
      networks: rule.networks && compileNetworks(rule.networks),
    });
  });
  const rules = [...skips, ...access];
  if (rules.length === 0) return () => DEFAULT_RULES;
  return createMatcher(rules, patternSet(paths), wholeUrl ? patternSet(options.skip_path_regex) : patternSet([]));
}

function complete(rule: Omit<CompiledRule, 'asResult'>): CompiledRule {
  const { name, policy, principals } = rule;
  return { ...rule, asResult: [{ name, policy, principals }] };
}

function createMatcher(rules: readonly CompiledRule[], paths: PatternSet, urls: PatternSet): RuleMatcher {
  const numbersOf = (want: (rule: CompiledRule) => boolean) =>
    rules.flatMap((rule, number) => (want(rule) ? number : []));
  const always = numbersOf(({ pattern }) => pattern < 0);
  // The order of rules is that of their patterns.
  const byPath = numbersOf(({ pattern, wholeUrl }) => pattern >= 0 && !wholeUrl);
  const byUrl = numbersOf(({ wholeUrl }) => wholeUrl);

  /** The rules whose pattern is hit or that have none, in order: the others are not looked at, be they two hundred. */
  const candidates = (opening: Matches | undefined, closing: Matches): readonly number[] => {
    const hit = closing.paths.map((pattern) => byPath[pattern]!).filter((number) => !isPermissive(rules[number]!));
    for (const pattern of opening?.paths ?? []) if (isPermissive(rules[byPath[pattern]!]!)) hit.push(byPath[pattern]!);
    for (const pattern of opening?.urls ?? []) hit.push(byUrl[pattern]!);
    return hit.length === 0 ? always : [...hit, ...always].sort((a, b) => a - b);
  };
  /** `opening`, `closing`: the patterns that count for rules that open a door and for those that close one. */
  const first = (request: RuleRequest, opening: Matches | undefined, closing: Matches): readonly Rule[] => {
    for (const number of candidates(opening, closing)) {
      const rule = rules[number]!;
      if (isPermissive(rule) && !opening) continue;
      if (matchesClient(rule, request)) return rule.asResult;
    }
    return DEFAULT_RULES;
  };
  return (request) => {
    const { path, href } = request;
    if (!path.ambiguous) {
      const opening = { paths: paths(path.decoded), urls: urls(href) };
      if (path.variants.length === 1) return first(request, opening, opening);
      return first(request, opening, { paths: path.variants.flatMap(paths), urls: [] });
    }
    // Attack: a path that is public as it stands and `/admin` to the application behind. What can be read in another
    // way is matched by no rule that opens; each reading meets all rules that close, and the strictest of those decides.
    if (path.variants.length === 0) return UNREADABLE_RULES;
    const found = new Set(
      path.variants.map((reading) => first(request, undefined, { paths: paths(reading), urls: [] })),
    );
    return [...found].flat();
  };
}

const isPermissive = ({ policy }: Rule) => policy === 'public' || policy === 'optional';

interface Matches {
  paths: readonly number[];
  urls: readonly number[];
}

/** An unknown method or client opens nothing and is caught by every rule that closes. */
function matchesClient(rule: CompiledRule, { method, client }: RuleRequest): boolean {
  if (rule.methods) {
    if (
      method === undefined ? isPermissive(rule) : !rule.methods.has(isPermissive(rule) ? method : method.toUpperCase())
    )
      return false;
  }
  if (rule.networks) {
    if (client === undefined ? isPermissive(rule) : !rule.networks.contains(client)) return false;
  }
  return true;
}
