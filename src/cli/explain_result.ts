/** What `gatepost explain` says about one auth request, for programs. */
import { namesAuthEndpoint } from '../decision/auth_endpoint.ts';
import { ruleRequest } from '../decision/authorize.ts';
import { describeCriterion } from '../decision/criterion.ts';
import { type RuleTrace, traceRules } from '../decision/trace.ts';
import { BROWSER_ENDPOINTS, endpointPath } from '../endpoints.ts';
import type { Answer } from './explain_server.ts';

export interface Explanation {
  allowed: boolean;
  status: number;
  /** As in `X-Gatepost-Reason`; null: let in, with nothing to say about it. */
  reason: string | null;
  /** Its slug. */
  application: string | null;
  rules: { name: string; matched: boolean; why: string }[];
  /** Of the response to the proxy. */
  headers: Record<string, string>;
}

/** Exactly these pass without a rule. */
const OWN_PAGES = BROWSER_ENDPOINTS.map(endpointPath);

/** Why no rule is looked at; `undefined`: the rules decide. */
export function exemption({ request }: Answer): 'auth endpoint' | 'own page' | undefined {
  if (request === undefined) return undefined;
  if (namesAuthEndpoint(request)) return 'auth endpoint';
  return OWN_PAGES.includes(request.url.path.raw) ? 'own page' : undefined;
}

/** Every rule of the application, and the one for everything else where it decides. */
export function verdictsOf(answer: Answer): readonly RuleTrace[] {
  const { application, request, user } = answer;
  if (application === undefined || request === undefined || exemption(answer) !== undefined) return [];
  const compared = ruleRequest(request);
  const traced = traceRules(application.rules, compared, user);
  const isDefault = application.rules.match(compared).some(({ name }) => name === 'default');
  const others: RuleTrace = { rule: 'default', policy: 'required', matched: true, decides: true, criteria: [] };
  return isDefault ? [...traced, others] : traced;
}

/** `required, decides: path: wants ^/admin, has /admin (yes)` */
export function describeVerdict({ policy, matched, decides, criteria, rule }: RuleTrace): string {
  const state = decides ? 'decides' : matched ? 'matches, but another rule decides' : 'does not match';
  const compared = criteria.map((one) => `${describeCriterion(one)} (${one.matched ? 'yes' : 'no'})`);
  const about = rule === 'default' ? 'what no other rule decides needs a login, any user may' : 'every request';
  return `${policy}, ${state}: ${compared.length > 0 ? compared.join('; ') : about}`;
}

export function explanationOf(answer: Answer): Explanation {
  const { decision, response, application } = answer;
  return {
    allowed: decision?.kind === 'allow' && response.status === 200,
    status: response.status,
    reason: reasonOf(answer),
    application: application?.slug ?? null,
    rules: verdictsOf(answer).map((one) => ({ name: one.rule, matched: one.matched, why: describeVerdict(one) })),
    headers: headersOf(answer),
  };
}

export function reasonOf({ response }: Answer): string | null {
  return response.headers.find(([name]) => name === 'X-Gatepost-Reason')?.[1] ?? null;
}

/** Of the connection, which is none. */
const NOT_OURS = ['connection', 'date', 'transfer-encoding', 'keep-alive'];

/** By name, in readable text; several of one name are joined, as a proxy may do (RFC 9110, section 5.3). */
function headersOf({ response }: Answer): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of response.headers) {
    if (NOT_OURS.includes(name.toLowerCase())) continue;
    const text = concealed(name, Buffer.from(value, 'latin1').toString());
    headers[name] = headers[name] === undefined ? text : `${headers[name]}, ${text}`;
  }
  return headers;
}

/** A terminal has a history, and a report of a fault is sent to others: no password, token or cookie is printed. */
function concealed(name: string, value: string): string {
  if (name === 'Authorization') return `${value.split(' ', 1)[0]} …`;
  return name === 'Cookie' ? value.replace(/=[^;]*/g, '=…') : value;
}
