/** Holds each request and each answer of the API against the schema, and requests against what an outpost may ask. */
import type { ValidateFunction } from 'ajv';
import type { Call } from '../call.ts';
import type { Traits } from '../releases.ts';
import type { Violations } from '../violations.ts';
import { type Operation, schemaOf } from './schema.ts';

/** `goauthentik.io/outpost/1.4.0 gatepost/1.4.0`. */
export const USER_AGENT = /^goauthentik\.io\/outpost\/\d+\.\d+\.\d+ gatepost\/\S+$/;

/** What an outpost without TLS and without Sentry asks; everything else of the API is none of its business. */
const ASKED: Record<string, { query: RegExp }> = {
  'GET /outposts/instances/': { query: /^$/ },
  'GET /outposts/proxy/': { query: /^page=[1-9]\d*&page_size=100$/ },
  'GET /outposts/instances/{uuid}/health/': { query: /^$/ },
  'POST /events/events/': { query: /^$/ },
};

export class Judge {
  readonly #traits: Traits;
  readonly #violations: Violations;

  constructor(traits: Traits, violations: Violations) {
    this.#traits = traits;
    this.#violations = violations;
  }

  /** `path` is below `/api/v3`. */
  request(call: Call, path: string): Operation | undefined {
    const name = `${call.method} ${path}`;
    const operation = schemaOf(this.#traits).operation(call.method, path);
    if (!operation) {
      this.#violations.add(`${name}: the schema has no such operation`);
      return undefined;
    }
    for (const problem of [
      ...callProblems(call),
      ...queryProblems(call, operation),
      ...pathProblems(path, operation),
      ...this.#bodyProblems(call, operation),
    ])
      this.#violations.add(`${name}: ${problem}`);
    return operation;
  }

  answer(operation: Operation, status: number, body: unknown): void {
    const check = operation.answers.get(status);
    const problems = check ? errors(check, JSON.parse(JSON.stringify(body))) : [`no answer ${status} in the schema`];
    for (const problem of problems) this.#violations.add(`the double's answer to ${operation.path}: ${problem}`);
  }

  #bodyProblems(call: Call, { body }: Operation): string[] {
    if (!body) return call.text === '' ? [] : ['a body where the schema has none'];
    if (!/^application\/json(;|$)/.test(call.headers['content-type'] ?? '')) return ['the body is not marked as JSON'];
    try {
      return errors(body, JSON.parse(call.text)).map((one) => `body: ${one}`);
    } catch {
      return ['the body is no JSON'];
    }
  }
}

function callProblems({ headers, method }: Call): string[] {
  const problems = [];
  if (!/^Bearer \S+$/.test(headers.authorization ?? '')) problems.push('no bearer token');
  if (headers.accept !== 'application/json') problems.push(`Accept is ${headers.accept}`);
  if (!USER_AGENT.test(headers['user-agent'] ?? '')) problems.push(`User-Agent is ${headers['user-agent']}`);
  if (method === 'GET' && headers['content-type'] !== undefined) problems.push('Content-Type without a body');
  if (headers.cookie !== undefined) problems.push('a cookie');
  for (const name of ['x-authentik-remote-ip', 'x-authentik-outpost-token'])
    if (headers[name] !== undefined) problems.push(`${name} outside of a password grant`);
  return problems;
}

function queryProblems({ method, query }: Call, { path, parameters }: Operation): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const [name, value] of query) {
    const parameter = parameters.find((one) => one.in === 'query' && one.name === name);
    if (!parameter) problems.push(`the query has ${name}, which the schema has not`);
    else if (parameter.type === 'integer' && !/^\d+$/.test(value)) problems.push(`${name} is no number`);
    if (seen.has(name)) problems.push(`${name} twice`);
    seen.add(name);
  }
  const asked = ASKED[`${method} ${path}`];
  if (!asked) problems.push('an outpost does not ask this');
  else if (!asked.query.test(query.toString())) problems.push(`the query is "${query}"`);
  return problems;
}

function pathProblems(path: string, operation: Operation): string[] {
  const template = operation.path.split('/');
  const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
  const wrong = path.split('/').some((part, at) => /^\{.*uuid\}$/.test(template[at] ?? '') && !isId.test(part));
  return wrong ? ['the path has no UUID where the schema has one'] : [];
}

function errors(check: ValidateFunction, value: unknown): string[] {
  if (check(value)) return [];
  return (check.errors ?? []).map(({ instancePath, message, params }) => {
    const extra = 'additionalProperty' in params ? ` (${params.additionalProperty})` : '';
    return `${instancePath || '/'} ${message}${extra}`;
  });
}
