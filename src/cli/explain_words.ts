/** The rows of `gatepost explain` in words. */
import type { Rule } from '../access/rule.ts';
import type { AccessRules } from '../access/rules.ts';
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { Application } from '../decision/application.ts';
import { ruleRequest } from '../decision/authorize.ts';
import { describeCriterion } from '../decision/criterion.ts';
import type { Decision } from '../decision/decision.ts';
import type { RuleTrace } from '../decision/trace.ts';
import { atHostname, hostnameOf, wildcardParent } from '../http/host.ts';
import { hostOf } from '../http/url.ts';
import type { User } from '../identity.ts';
import { isPerson, type TypedPerson, UNNAMED } from './explain_person.ts';
import { type Explanation, exemption, explanationOf, reasonOf, verdictsOf } from './explain_result.ts';
import type { Answer } from './explain_server.ts';

export type Row = [label: string, value: string];

/** @param others the answers of all dialects, for their statuses */
export function describeAnswer(
  answer: Answer,
  others: readonly Answer[],
  { url, person, applications }: { url: string; person: TypedPerson; applications: readonly ApplicationConfig[] },
): Row[] {
  const { request, application, user, decision, dialect } = answer;
  const address = request?.clientAddress ?? 'an unknown address (--client-ip)';
  const index = applications.findIndex(({ slug }) => slug === application?.slug);
  const host = request?.url.host ?? '';
  return [
    ['URL', request?.url.href ?? url],
    ['host', application ? describeApplication(application, index, host) : 'no application'],
    ['client', `${request?.method ?? `an unknown method (${dialect})`} from ${address}`],
    ['user', user ? describeUser(user) : isPerson(person) ? (person.user ?? UNNAMED) : 'none (--user)'],
    ...describeRules(answer),
    [
      'decision',
      decision ? describeDecision(decision) : `refused (${reasonOf(answer) ?? 'the request cannot be read'})`,
    ],
    ['status', others.map((other) => describeStatus(other, answer)).join(', ')],
    ...labelled('headers', describeHeaders(explanationOf(answer))),
    ...labelled('notes', [...new Set(answer.notes)]),
  ];
}

/** The first line has the label. */
function labelled(label: string, lines: readonly string[]): Row[] {
  return lines.map((line, index): Row => [index === 0 ? label : '', line]);
}

function describeStatus(other: Answer, answer: Answer): string {
  const [reason, own] = [reasonOf(other), reasonOf(answer)];
  const differs = reason === own ? '' : ` (${reason ?? 'let in'})`;
  return `${other.dialect} ${other.response.status || 'no response'}${differs}`;
}

/** About the response as such, or the page in it. */
const NOT_SHOWN =
  /^(?:cache-control|content-.*|referrer-policy|x-content-type-options|x-gatepost-reason|vary|x-frame-options)$/i;

function describeHeaders({ headers }: Explanation): string[] {
  const shown = Object.entries(headers).filter(([name]) => !NOT_SHOWN.test(name));
  return shown.map(([name, value]) => `${name}: ${value}`.trimEnd());
}

function describeUser({ username, email, emailVerified, groups, claims = {} }: User): string {
  const parts = [
    username || UNNAMED,
    email && (emailVerified === false ? `${email} (not verified)` : email),
    groups.length > 0 && `groups ${groups.join(', ')}`,
    ...Object.entries(claims).map(([name, values]) => values.length > 0 && `${name} ${values.join(', ')}`),
  ];
  return parts.filter(Boolean).join(', ');
}

function describeApplication({ config }: Application, index: number, host: string): string {
  const further = config.hosts.find((address) => isAt(config.external_host, address));
  const exact = hostOf(config.external_host) === host;
  const key = exact ? 'external_host' : `cookie_domain ${config.cookie_domain}`;
  return `${config.name}: applications[${index}] (${config.slug}), by ${further === undefined ? key : `hosts ${further}`}`;
}

/** @param address one of `hosts` */
function isAt(externalHost: string, address: string): boolean {
  const isWildcard = wildcardParent(address) !== undefined;
  return externalHost === (isWildcard ? atHostname(address, hostnameOf(hostOf(externalHost))) : address);
}

/** The rule that decides, or several of which the strictest does, and how each rule of the application was compared. */
function describeRules(answer: Answer): Row[] {
  const { request, application } = answer;
  if (request === undefined || application === undefined) return [];
  const { rules } = application;
  const { path } = request.url;
  const exempt = exemption(answer);
  if (exempt === 'auth endpoint') return [['rule', 'none: the endpoints for proxies are closed to every client']];
  if (exempt === 'own page') return [['rule', 'none: the pages of the login are open to every client']];
  const rows = rules.match(ruleRequest(request)).map((rule): Row => ['rule', describeRule(rule, rules)]);
  if (path.ambiguous) rows.push(['', describeReadings(rules.readings(path.raw))]);
  const traced = verdictsOf(answer).filter(({ rule }) => rule !== 'default');
  return [...rows, ...labelled('trace', traced.flatMap(describeTrace))];
}

/** Which rules a path that can be read in several ways meets. */
function describeReadings(readings: readonly string[]): string {
  if (readings.length === 0) {
    return 'The path can be read in too many ways: no pattern opens it, and every rule that closes must be satisfied.';
  }
  const list = readings.map((reading) => JSON.stringify(reading)).join(', ');
  return `The path can be read as ${list}: a rule opens it only where it matches each, and the strictest rule decides.`;
}

function describeTrace({ rule, policy, matched, decides, criteria }: RuleTrace): string[] {
  const state = decides ? 'decides' : matched ? 'matches, but another rule decides' : 'does not match';
  const lines = criteria.map((one) => `  ${describeCriterion(one)} (${one.matched ? 'yes' : 'no'})`);
  return [`${rule} (${policy}) ${state}`, ...lines];
}

function describeRule({ name, policy }: Rule, { list }: AccessRules): string {
  const source = list.find((rule) => rule.name === name)?.source;
  return `${name}: ${policy}${source === undefined ? '' : `, ${JSON.stringify(source)}`}`;
}

function describeDecision(decision: Decision): string {
  switch (decision.kind) {
    case 'allow':
      return `let through ${decision.subject ? 'with identity' : 'without identity'}`;
    case 'sign_in':
      return `sign in first (${decision.reason}): ${decision.loginUrl}`;
    case 'forbid':
      return `refused (${decision.reason}): ${decision.message}`;
    case 'unknown_host':
      return `refused (unknown_host): no application for ${[decision.host, ...decision.known].join(', only for ')}`;
    case 'rate_limited':
      return 'refused (rate_limited)';
    case 'uri_too_long':
    case 'headers_too_large':
      return `refused (${decision.kind})`;
    case 'invalid_request':
      return `refused (configuration_error): ${decision.message}`;
    case 'unavailable':
      return `refused (${decision.reason})`;
  }
}
