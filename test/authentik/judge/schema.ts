/** authentik's own OpenAPI document as JSON Schema: the judge over what the double answers and is asked. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';
import { load } from 'js-yaml';
import type { Traits } from '../releases.ts';

type Node = { [name: string]: unknown };

export interface Parameter {
  name: string;
  in: 'query' | 'path';
  type: string | undefined;
}

export interface Operation {
  /** `/outposts/instances/{uuid}/health/`. */
  path: string;
  parameters: Parameter[];
  /** Checks a JSON body; `undefined`: there is none. */
  body: ValidateFunction | undefined;
  /** By status. */
  answers: ReadonlyMap<number, ValidateFunction>;
}

/** Objects that the server gives more keys than it says. */
const OPEN = new Set(['OpenIDConnectConfiguration']);
const FORMATS = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  // Serializers do not check what they give.
  uri: true,
  double: true,
} as const;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
const nodeAt = (node: unknown, ...names: string[]): Node => {
  const found = names.reduce<unknown>((at, name) => (isNode(at) ? at[name] : undefined), node);
  return isNode(found) ? found : {};
};

/** OpenAPI 3.0 → JSON Schema: `nullable` becomes a choice, and objects take no keys that they do not name. */
function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  if (!isNode(value)) return value;
  const { nullable, readOnly: _, ...rest } = value;
  const node: Node = Object.fromEntries(Object.entries(rest).map(([name, one]) => [name, convert(one)]));
  if (isNode(value.properties) && value.type === 'object') node.additionalProperties ??= false;
  return nullable === true ? { anyOf: [node, { type: 'null' }] } : node;
}

function withoutRequired(schemas: Node, { autocomplete, refreshInterval, namesInstanceByQuery }: Traits): void {
  const drop = (name: string, ...keys: string[]) => {
    const node = nodeAt(schemas, name);
    if (Array.isArray(node.required)) node.required = node.required.filter((one) => !keys.includes(String(one)));
  };
  if (!autocomplete) for (const name of Object.keys(schemas)) if (/^Paginated/.test(name)) drop(name, 'autocomplete');
  if (!refreshInterval) drop('Outpost', 'refresh_interval_s');
  if (!namesInstanceByQuery)
    drop('OutpostHealth', 'golang_version', 'openssl_enabled', 'openssl_version', 'fips_enabled');
}

export class Schema {
  readonly #document: Node;
  readonly #ajv = new Ajv({ strict: false, allErrors: true, formats: FORMATS, logger: false });
  readonly #operations = new Map<string, Operation>();

  constructor(traits: Traits) {
    const file = createRequire(import.meta.url).resolve(`${traits.schema}/schema.yml`);
    const document = load(readFileSync(file, 'utf8'));
    if (!isNode(document)) throw new Error(`${file} is no OpenAPI document`);
    this.#document = document;
    const schemas = nodeAt(convert(nodeAt(document, 'components', 'schemas')));
    for (const name of OPEN) delete nodeAt(schemas, name).additionalProperties;
    withoutRequired(schemas, traits);
    this.#ajv.addSchema({ $id: 'authentik', components: { schemas } });
  }

  /** The operation of a method and a path below `/api/v3`; `undefined`: there is none. */
  operation(method: string, path: string): Operation | undefined {
    const template = this.#template(path);
    if (template === undefined) return undefined;
    const key = `${method} ${template}`;
    const known = this.#operations.get(key);
    if (known) return known;
    const found = nodeAt(this.#document, 'paths', template)[method.toLowerCase()];
    if (!isNode(found)) return undefined;
    const made = this.#read(template, found);
    this.#operations.set(key, made);
    return made;
  }

  #template(path: string): string | undefined {
    const paths = nodeAt(this.#document, 'paths');
    if (path in paths) return path;
    const fits = (template: string) =>
      new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+').replaceAll('.', '\\.')}$`).test(path);
    return Object.keys(paths).find((template) => template.includes('{') && fits(template));
  }

  #read(path: string, operation: Node): Operation {
    const listed = Array.isArray(operation.parameters) ? operation.parameters : [];
    const parameters = listed
      .map((one) => this.#resolve(one))
      .map((one) => ({
        name: String(one.name),
        in: one.in === 'path' ? ('path' as const) : ('query' as const),
        type: typeof nodeAt(one, 'schema').type === 'string' ? String(nodeAt(one, 'schema').type) : undefined,
      }));
    const answers = Object.entries(nodeAt(operation, 'responses')).flatMap(([status, answer]) => {
      const check = this.#check(this.#resolve(answer));
      return check ? [[Number(status), check] as const] : [];
    });
    return { path, parameters, body: this.#check(this.#resolve(operation.requestBody)), answers: new Map(answers) };
  }

  #resolve(value: unknown): Node {
    if (!isNode(value)) return {};
    if (typeof value.$ref !== 'string') return value;
    return nodeAt(this.#document, ...value.$ref.replace('#/', '').split('/'));
  }

  #check(message: Node): ValidateFunction | undefined {
    const schema = nodeAt(message, 'content', 'application/json').schema;
    if (!isNode(schema)) return undefined;
    const absolute: unknown = JSON.parse(JSON.stringify(convert(schema)).replaceAll('"#/', '"authentik#/'));
    return isNode(absolute) ? this.#ajv.compile(absolute) : undefined;
  }
}

const loaded = new Map<string, Schema>();

/** Reading takes a while, so all doubles of a process share it. */
export function schemaOf(traits: Traits): Schema {
  const { schema, autocomplete, refreshInterval, namesInstanceByQuery } = traits;
  const key = `${schema} ${autocomplete} ${refreshInterval} ${namesInstanceByQuery}`;
  const known = loaded.get(key);
  if (known) return known;
  const made = new Schema(traits);
  loaded.set(key, made);
  return made;
}
