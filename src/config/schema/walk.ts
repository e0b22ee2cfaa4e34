/** Walks the schema: which keys there are at a place, and what is written about them. */
import type * as z from 'zod';
import type { KeyPath } from '../problems.ts';
import type { KeyNotes } from './scalars.ts';

interface Definition {
  type: string;
  innerType?: z.ZodType;
  element?: z.ZodType;
  in?: z.ZodType;
  out?: z.ZodType;
  defaultValue?: unknown;
}

const definitionOf = (schema: z.ZodType) => schema._zod.def as unknown as Definition;

/** What a schema wraps (a default, an optional, a transformation), from the outside in, itself first. */
export function layers(schema: z.ZodType): z.ZodType[] {
  const all = [schema];
  for (let at: z.ZodType | undefined = schema; at; ) {
    const { type, innerType, in: input, out } = definitionOf(at);
    at = innerType ?? (type === 'pipe' && input && definitionOf(input).type === 'transform' ? out : input);
    if (at) all.push(at);
  }
  return all;
}

/** The keys of the mapping that a schema is, or is a list of; none where it is neither. */
export function shapeOf(schema: z.ZodType): Record<string, z.ZodType> {
  const core = layers(schema).at(-1)!;
  const { element } = definitionOf(core);
  if (element) return shapeOf(element);
  return 'shape' in core ? (core.shape as Record<string, z.ZodType>) : {};
}

/** The keys that are known at a place, with those that read a secret from a file. */
export function keysAt(schema: z.ZodType, path: KeyPath): string[] {
  let shape = shapeOf(schema);
  for (const part of path) if (typeof part === 'string') shape = shape[part] ? shapeOf(shape[part]) : {};
  return Object.entries(shape).flatMap(([key, value]) => (notesOf(value).file ? [key, `${key}_file`] : [key]));
}

/** All that is written about a key: the outer layers complete and overrule the inner ones. */
export function notesOf(schema: z.ZodType): KeyNotes {
  return Object.assign(
    {},
    ...layers(schema)
      .map((layer) => layer.meta())
      .reverse(),
  );
}

/** The default that the schema itself fills in; `undefined` where there is none. */
export function defaultOf(schema: z.ZodType): unknown {
  return layers(schema)
    .map((layer) => definitionOf(layer).defaultValue)
    .find((value) => value !== undefined);
}

/** Whether a key may be left out. */
export function isOptional(schema: z.ZodType): boolean {
  return layers(schema).some((layer) => /^(?:optional|default|prefault)$/.test(definitionOf(layer).type));
}
