/** The keys of `defaults`: those of an application, each for all applications that do not have it themselves. */
import * as z from 'zod';
import { OWN_KEYS } from '../defaults.ts';
import { application } from './application.ts';
import { shapeError } from './scalars.ts';
import { withoutDefault } from './walk.ts';

const shape = Object.fromEntries(
  Object.entries<z.ZodType>(application.shape)
    .filter(([key]) => !OWN_KEYS.includes(key))
    .map(([key, schema]) => [key, withoutDefault(schema).optional()]),
);

export const applicationDefaults = z.strictObject(shape, {
  error: shapeError('a mapping with keys of an application'),
});
