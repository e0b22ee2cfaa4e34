/**
 * Why each rule of an application matches a request or not. Computed when it is asked for: the hot path pays nothing.
 * Pure.
 */

import { mayOpen } from '../access/path_budget.ts';
import {
  type CompiledRule,
  isPermissive,
  matchesHost,
  matchesMethod,
  matchesNetwork,
  type RuleRequest,
  urlWith,
} from '../access/rule.ts';
import type { AccessRules } from '../access/rules.ts';
import type { User } from '../identity.ts';
import { createPatternCompiler } from '../patterns.ts';
import type { CriterionTrace } from './criterion.ts';
import { traceUser } from './trace_user.ts';

export interface RuleTrace {
  /** `Rule.name`: `skip_path_regex[0]`, `access[2]`. */
  rule: string;
  policy: string;
  /** Whether the rule is about this request: path, hosts, methods and networks match. */
  matched: boolean;
  /** Whether it is the rule (or one of several, where a path can be read in several ways) that decides. */
  decides: boolean;
  criteria: readonly CriterionTrace[];
}

/** @param user whose groups, name and e-mail are compared; without one these criteria are left out */
export function traceRules(rules: AccessRules, request: RuleRequest, user?: User): readonly RuleTrace[] {
  const deciding = new Set(rules.match(request).map(({ name }) => name));
  return rules.list.map((rule) => {
    const about = [
      ...tracePath(rule, request, rules),
      ...traceHosts(rule, request),
      ...traceMethods(rule, request),
      ...traceNetworks(rule, request),
    ];
    return {
      rule: rule.name,
      policy: rule.policy,
      matched: about.every(({ matched }) => matched),
      decides: deciding.has(rule.name),
      criteria: user ? [...about, ...traceUser(rule, user)] : about,
    };
  });
}

function tracePath(rule: CompiledRule, request: RuleRequest, rules: AccessRules): CriterionTrace[] {
  const { path: wants } = rule.source;
  if (wants === undefined) return [];
  const { raw, decoded, ambiguous } = request.path;
  const pattern = createPatternCompiler()([wants]);
  const matches = (reading: string) => pattern.match(rule.wholeUrl ? urlWith(reading, request) : reading).length > 0;
  const permissive = isPermissive(rule);
  if (!ambiguous) {
    const written = rule.wholeUrl ? raw : decoded;
    const matched = matches(written) || (!permissive && matches(raw));
    return [{ criterion: 'path', matched, wants, has: rule.wholeUrl ? urlWith(raw, request) : decoded }];
  }
  const readings = rules.readings(raw);
  const some = readings.length === 0 || readings.some(matches);
  const matched = permissive ? mayOpen(readings) && readings.every(matches) : some;
  const count = readings.length === 0 ? 'too many' : String(readings.length);
  return [
    {
      criterion: 'path',
      matched,
      wants,
      has: `${raw} (${count} readings, of which ${permissive ? 'all' : 'one'} must match)`,
    },
  ];
}

function traceHosts(rule: CompiledRule, request: RuleRequest): CriterionTrace[] {
  if (!rule.source.hosts) return [];
  const wants = rule.source.hosts.join(', ');
  return [{ criterion: 'hosts', matched: matchesHost(rule, request), wants, has: request.host }];
}

function traceMethods(rule: CompiledRule, request: RuleRequest): CriterionTrace[] {
  if (!rule.source.methods) return [];
  const wants = rule.source.methods.join(', ');
  return [{ criterion: 'methods', matched: matchesMethod(rule, request), wants, has: request.method ?? 'unknown' }];
}

function traceNetworks(rule: CompiledRule, request: RuleRequest): CriterionTrace[] {
  if (!rule.source.networks) return [];
  const wants = rule.source.networks.join(', ');
  const has = request.clientAddress ?? 'unknown';
  return [{ criterion: 'networks', matched: matchesNetwork(rule, request), wants, has }];
}
