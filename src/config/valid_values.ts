/**
 * The valid part of a configuration that is refused: checks of several keys run on it, so that all problems are
 * reported at once.
 */
import * as z from 'zod';
import type { ValidApplication, ValidConfig } from './checks/types.ts';
import { application } from './schema/application.ts';
import { config } from './schema/config.ts';
import { JITLESS } from './schema/scalars.ts';
import { isMapping, type Raw, type RawMapping } from './yaml/raw.ts';

export function validValues(raw: RawMapping): ValidConfig {
  const { applications, ...topLevel } = config.shape;
  const list = Array.isArray(raw.applications) ? raw.applications : [];
  return { ...parseEach(topLevel, raw), applications: list.map(validApplication) };
}

function validApplication(raw: Raw): ValidApplication {
  return isMapping(raw) ? parseEach(application.shape, raw) : {};
}

/** Each key by itself: `undefined` for a value that is refused; a key that may be left out, and was, is not there. */
function parseEach<Shape extends z.ZodRawShape>(shape: Shape, raw: RawMapping): Partial<z.output<z.ZodObject<Shape>>> {
  const values: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(shape)) {
    const { success, data } = z.safeParse(schema, raw[key], JITLESS);
    if (!success || data !== undefined) values[key] = data;
  }
  // Each value is what the schema of its own key gave, or `undefined`.
  return values as Partial<z.output<z.ZodObject<Shape>>>;
}
