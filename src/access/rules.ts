/**
 * The access rules of one application, compiled together: a search that costs the same with one rule and with two
 * hundred.
 */
import type { AccessRule } from '../config/schema/config.ts';
import { createPatternCompiler } from '../patterns.ts';
import { readingsWithin } from './path_budget.ts';
import { type CompiledRule, compileAccessRule, compileSkipRule } from './rule.ts';
import { createRuleMatcher, DEFAULT_RULES, type RuleMatcher } from './rule_matcher.ts';

export interface RuleOptions {
  mode: 'forward_single' | 'forward_domain';
  skip_path_regex: readonly string[];
  access: readonly AccessRule[];
}

export interface AccessRules {
  /**
   * The first rule that matches; several only for a path that can be read in more than one way, and then the strictest
   * of them must decide.
   */
  match: RuleMatcher;
  /** The readings of an ambiguous path that `match` tries; none where there are too many. */
  readings(raw: string): readonly string[];
  /** All rules in order, for a trace. */
  list: readonly CompiledRule[];
}

/** @param compilePatterns the pattern compiler of the configuration that the rules belong to */
export function compileRules(options: RuleOptions, compilePatterns = createPatternCompiler()): AccessRules {
  const wholeUrl = options.mode === 'forward_domain';
  const paths: string[] = wholeUrl ? [] : [...options.skip_path_regex];
  const skips = options.skip_path_regex.map((path, index) =>
    compileSkipRule(path, `skip_path_regex[${index}]`, index, wholeUrl),
  );
  const access = options.access.map((rule, index) => {
    const pattern = rule.path === undefined ? -1 : paths.push(rule.path) - 1;
    return compileAccessRule(rule, `access[${index}]`, pattern);
  });
  const list = [...skips, ...access];
  const patterns = { paths: compilePatterns(paths), urls: compilePatterns(wholeUrl ? options.skip_path_regex : []) };
  const readings = (raw: string) => readingsWithin(raw, patterns.paths.width() + patterns.urls.width());
  if (list.length === 0) return { match: () => DEFAULT_RULES, readings, list };
  return { match: createRuleMatcher(list, patterns, readings), readings, list };
}
