/** Makes the JSON Schema of the configuration from its schema, for editors and for programs that write one. */
import { load } from 'js-yaml';
import * as z from 'zod';
import { OWN_KEYS } from './defaults.ts';
import { config } from './schema/config.ts';
import { defaultOf, isOptional, notesOf, shapeOf } from './schema/walk.ts';

/** A part of a JSON Schema (draft 7, which editors know best). */
export interface JsonSchema {
  [word: string]: unknown;
}

type Schema = z.core.$ZodType;
type Shape = Readonly<Record<string, Schema>>;

/** Every scalar of the configuration may be, or have in it, a variable of the environment. */
const REFERENCE: JsonSchema = { type: 'string', pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(?::-[^}]*)?\\}' };
/** Every scalar is read as text, so that `client_id: 0123` needs no quotes. */
const SCALAR: JsonSchema = { type: ['string', 'number', 'boolean'] };

export function jsonSchema(): JsonSchema {
  const { allOf = [], ...rest } = mappingOf(config);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: "Gatepost's configuration",
    ...rest,
    allOf: [allOf, fromDefaults(), fromAuthentik()].flat(),
  };
}

/** What authentik, or the outpost's token, can stand for. */
function fromAuthentik(): JsonSchema {
  const secret = { oneOf: [{ required: ['secret'] }, { required: ['secret_file'] }] };
  const applications = { required: ['applications'], properties: { applications: { minItems: 1 } } };
  return { if: { required: ['outpost'] }, else: { allOf: [secret, applications] } };
}

function isRequired(shape: Shape, key: string): boolean {
  const schema = shape[key];
  return schema !== undefined && !isOptional(schema) && notesOf(schema).default === undefined;
}

/** What an application has to have may come from `defaults`. */
function fromDefaults(): JsonSchema[] {
  const shape = shapeOf(config.shape.applications);
  const keys = Object.keys(shape).filter((key) => isRequired(shape, key) && !OWN_KEYS.includes(key));
  return keys.map((key) => ({
    if: { required: ['defaults'], properties: { defaults: { required: [key] } } },
    else: { properties: { applications: { items: { required: [key] } } } },
  }));
}

function objectOf(shape: Shape, required: readonly string[]): JsonSchema {
  const properties: JsonSchema = {};
  const files: JsonSchema[] = [];
  for (const [key, schema] of Object.entries(shape)) {
    properties[key] = keyOf(schema);
    if (!notesOf(schema).file) continue;
    const file = `${key}_file`;
    properties[file] = { description: `The path of a file that holds \`${key}\`.`, ...fileOf(schema) };
    files.push(
      required.includes(key)
        ? { oneOf: [{ required: [key] }, { required: [file] }] }
        : { not: { required: [key, file] } },
    );
  }
  const plain = required.filter((key) => !notesOf(shape[key] ?? config).file);
  return {
    type: 'object',
    properties,
    ...(plain.length > 0 && { required: plain }),
    ...(files.length > 0 && { allOf: files }),
  };
}

/** Of a list that may also be one text, several files. */
function fileOf(schema: Schema): JsonSchema {
  const path = { type: 'string' };
  return valuesOf(schema).anyOf === undefined ? path : { anyOf: [path, { type: 'array', items: path, minItems: 1 }] };
}

/** The value of a key with what is written about it. */
function keyOf(schema: Schema): JsonSchema {
  const { description, example, default: inWords } = notesOf(schema);
  const preset = defaultOf(schema);
  const isValue = inWords === undefined && (Array.isArray(preset) || typeof preset !== 'object');
  return {
    ...(description !== undefined && { description }),
    ...valuesOf(schema),
    ...(preset !== undefined && isValue && { default: preset }),
    // As it would be read out of the file.
    ...(example !== undefined && !example.includes('…') && { examples: [load(example)] }),
  };
}

/** What may be written. */
function valuesOf(schema: Schema): JsonSchema {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return valuesOf(schema.def.innerType);
  if (schema instanceof z.ZodObject) return mappingOf(schema);
  if (schema instanceof z.ZodRecord) return { type: 'object', additionalProperties: valuesOf(schema.valueType) };
  if (schema instanceof z.ZodArray) return listOf(schema);
  if (schema instanceof z.ZodPipe) {
    // A text stands for the list or mapping, or has it in it.
    if (schema.def.in instanceof z.ZodTransform) return { anyOf: [valuesOf(schema.def.out), SCALAR] };
    if (!(schema.def.in instanceof z.ZodString)) return valuesOf(schema.def.in);
  }
  if (schema instanceof z.ZodPipe || schema instanceof z.ZodString) return scalarOf(schema);
  throw new Error(`the JSON Schema knows nothing of a ${schema.constructor.name}`);
}

function scalarOf(schema: Schema): JsonSchema {
  const { json } = notesOf(schema);
  return json === undefined ? SCALAR : { anyOf: [...json, REFERENCE] };
}

function listOf(schema: z.ZodArray): JsonSchema {
  const needsOne = (schema.def.checks ?? []).some(({ _zod }) => _zod.def.check === 'min_length');
  return { type: 'array', items: valuesOf(schema.element), ...(needsOne && { minItems: 1 }) };
}

function mappingOf(schema: z.ZodObject): JsonSchema {
  const shape: Shape = schema.shape;
  const isApplication = shape.external_host !== undefined;
  const required = Object.keys(shape).filter(
    (key) => isRequired(shape, key) && (!isApplication || OWN_KEYS.includes(key)),
  );
  const { catchall } = schema.def;
  const isOpen = catchall !== undefined && !(catchall instanceof z.ZodNever);
  return { ...objectOf(shape, required), additionalProperties: isOpen ? valuesOf(catchall) : false };
}
