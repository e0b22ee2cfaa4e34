/** Walks the schema: the keys that are allowed at a place, and what is written about them. */
import * as z from 'zod';
import type { KeyPath } from '../problems.ts';
import type { KeyNotes } from './scalars.ts';

/** As zod's own wrappers see what they wrap. */
type Schema = z.core.$ZodType;
type Shape = Readonly<Record<string, Schema>>;

/** The schema that another one wraps: a default, an optional, a transformation. */
function innerOf(schema: Schema): Schema | undefined {
  if (schema instanceof z.ZodPipe) return schema.def.in instanceof z.ZodTransform ? schema.def.out : schema.def.in;
  return isWrapper(schema) ? schema.def.innerType : undefined;
}

function isWrapper(schema: Schema): schema is z.ZodOptional | z.ZodDefault | z.ZodPrefault {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
}

/** A schema and those that it wraps, from the outside in. */
function layers(schema: Schema): Schema[] {
  const inner = innerOf(schema);
  return inner ? [schema, ...layers(inner)] : [schema];
}

/** The keys of the mapping that a schema is, or is a list of; none where it is neither. */
export function shapeOf(schema: Schema): Shape {
  const inner = innerOf(schema);
  if (inner) return shapeOf(inner);
  if (schema instanceof z.ZodArray) return shapeOf(schema.element);
  return schema instanceof z.ZodObject ? schema.shape : {};
}

/** What stands under any name, where a schema is a mapping of names. */
function recordValue(schema: Schema): Schema | undefined {
  const record = layers(schema).find((layer) => layer instanceof z.ZodRecord);
  return record?.valueType;
}

/** The keys that are known at a place, with those that read a secret from a file. */
export function keysAt(schema: Schema, path: KeyPath): string[] {
  let shape = shapeOf(schema);
  let record: Schema | undefined;
  for (const part of path) {
    if (typeof part !== 'string') continue;
    const next = record ?? shape[part];
    shape = next ? shapeOf(next) : {};
    record = next && recordValue(next);
  }
  return Object.entries(shape).flatMap(([key, value]) => (notesOf(value).file ? [key, `${key}_file`] : [key]));
}

/** All that is written about a key: the outer layers complete and overrule the inner ones. */
export function notesOf(schema: Schema): KeyNotes {
  const notes = layers(schema).map((layer) => z.globalRegistry.get(layer));
  return Object.assign({}, ...notes.reverse());
}

/** The default that the schema itself fills in; `undefined` where there is none. */
export function defaultOf(schema: Schema): unknown {
  const layer = layers(schema).find((one) => one instanceof z.ZodDefault || one instanceof z.ZodPrefault);
  return layer?.def.defaultValue;
}

/** The schema of a key that is given: what fills in a key that is left out is taken off, what is written about it stays. */
export function withoutDefault(schema: z.ZodType): z.ZodType {
  const bare = layers(schema).find((layer) => !isWrapper(layer)) as z.ZodType;
  return bare.meta({ ...notesOf(schema) });
}

/** Whether a key may be left out. */
export function isOptional(schema: Schema): boolean {
  return layers(schema).some(isWrapper);
}
