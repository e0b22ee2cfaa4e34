/** One access rule, compiled: which requests it is about, and whom it lets in. Pure, no I/O, no HTTP. */
import type { AccessRule } from '../config/schema/config.ts';
import { compileNetworks, type Networks } from '../http/ip.ts';
import type { ForwardedPath } from '../http/path.ts';
import { compilePrincipals, type PrincipalMatcher } from './principals.ts';
import { compileHosts, type HostMatcher } from './rule_hosts.ts';

/** What of a request the rules look at. */
export interface RuleRequest {
  /** As `normalizeHost` gives it. */
  host: string;
  path: ForwardedPath;
  /** The whole URL; a rule about it sees neither query nor fragment. */
  href: string;
  /** `undefined`: unknown. */
  method: string | undefined;
  /** Canonical address; `undefined`: unknown. */
  clientAddress: string | undefined;
}

/** What the search for a rule finds. */
export interface Rule {
  /** For the operator: `skip_path_regex[0]`, `access[2]`, `default`. */
  name: string;
  policy: AccessRule['policy'];
  /** Whether a known user may; for `required` rules only. */
  principals: PrincipalMatcher;
}

export interface CompiledRule extends Rule {
  /** The number of its pattern in the set of paths (or of whole URLs); -1: every path. */
  pattern: number;
  wholeUrl: boolean;
  methods: ReadonlySet<string> | undefined;
  networks: Networks | undefined;
  hosts: HostMatcher | undefined;
  /** The rule as the configuration has it, for a trace. */
  source: Partial<AccessRule>;
  /** The rule as the result of a search, made once. */
  asResult: readonly Rule[];
}

/** Whether a rule admits requests without authentication. */
export function isPermissive({ policy }: Rule): boolean {
  return policy === 'public' || policy === 'optional';
}

/** @param pattern the number of its path pattern, -1 where it has none */
export function compileAccessRule(source: AccessRule, name: string, pattern: number): CompiledRule {
  const rule = { name, policy: source.policy, principals: compilePrincipals(source) };
  return {
    ...rule,
    pattern,
    wholeUrl: false,
    methods: source.methods && new Set(source.methods),
    networks: source.networks && compileNetworks(source.networks),
    hosts: source.hosts && compileHosts(source.hosts, isPermissive(rule)),
    source,
    asResult: [rule],
  };
}

/**
 * What a rule about the whole URL is compared with: scheme and host of the request with a reading of its path.
 *
 * Attack: `/admin?x=/static/`: a client writes the query, and may add it to any address.
 */
export function urlWith(reading: string, { href }: RuleRequest): string {
  const begin = href.indexOf('/', href.indexOf('://') + 3);
  return (begin < 0 ? href : href.slice(0, begin)) + reading;
}

/** `skip_path_regex` is a list of `optional` rules without any other criterion. */
export function compileSkipRule(path: string, name: string, pattern: number, wholeUrl: boolean): CompiledRule {
  const rule = { name, policy: 'optional' as const, principals: compilePrincipals({}) };
  const source = { path, policy: rule.policy };
  const none = { methods: undefined, networks: undefined, hosts: undefined };
  return { ...rule, pattern, wholeUrl, ...none, source, asResult: [rule] };
}

/** Whether all criteria but the pattern match. */
export function matchesBesidePath(rule: CompiledRule, request: RuleRequest): boolean {
  return matchesHost(rule, request) && matchesMethod(rule, request) && matchesNetwork(rule, request);
}

export function matchesHost({ hosts }: CompiledRule, { host }: RuleRequest): boolean {
  return hosts === undefined || hosts(host);
}

/** An unknown method opens nothing and is caught by every rule that closes. */
export function matchesMethod(rule: CompiledRule, { method }: RuleRequest): boolean {
  if (!rule.methods) return true;
  if (method === undefined) return !isPermissive(rule);
  return rule.methods.has(isPermissive(rule) ? method : method.toUpperCase());
}

/** An unknown client opens nothing and is caught by every rule that closes. */
export function matchesNetwork(rule: CompiledRule, { clientAddress }: RuleRequest): boolean {
  if (!rule.networks) return true;
  return clientAddress === undefined ? !isPermissive(rule) : rule.networks.contains(clientAddress);
}
