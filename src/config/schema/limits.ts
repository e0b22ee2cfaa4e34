/** The keys of `limits`: after how many refused credentials a client is held back. */
import * as z from 'zod';
import { type KeyNotes, scalar, shapeError } from './scalars.ts';

const ALLOWED = 'a whole number from 1 to 1000';

const count = () =>
  scalar(ALLOWED, (input): number => {
    if (!/^(?:[1-9]\d{0,2}|1000)$/.test(input)) throw new Error(`must be ${ALLOWED}`);
    return Number(input);
  }).meta({ json: [{ type: 'integer', minimum: 1, maximum: 1000 }] } satisfies KeyNotes);

export const limits = z.strictObject(
  {
    refusals_per_user_and_address: count().default(10).meta({
      description: 'Refusals of one user name at one application from one address (IPv6: one /64).',
      example: '5',
    }),
    refusals_per_address: count().default(30).meta({
      description: 'Refusals of one address, over all user names, tokens and applications.',
      example: '100',
    }),
    refusals_per_user: count().default(100).meta({
      description: 'Refusals of one user name at one application, from all addresses.',
      example: '50',
    }),
  },
  { error: shapeError('a mapping such as { refusals_per_address: 30 }') },
);
