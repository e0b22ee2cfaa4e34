/** The keys of `redis`: what does not go into the store's URL, or is awkward there. */
import { isIP } from 'node:net';
import * as z from 'zod';
import type { Immutable } from '../freeze.ts';
import { matching, scalar, shapeError, text } from './scalars.ts';

/** Taken as it is: any characters may be in it, and nothing is decoded. */
const word = (allowed: string, secret: boolean) => scalar(allowed, (input) => input, { secret });

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/i;

/** No `*`, `?`, `[`, `\`: they would mean other names in the pattern of a Redis user. */
const PREFIX = /^[\w.:/@+=-]{1,64}$/;

/** As others may use the same server. */
export const DEFAULT_PREFIX = 'gatepost:';

const pemFile = (description: string, example: string) =>
  text('the path of a PEM file').optional().meta({ description, example });

export const redis = z.strictObject(
  {
    username: word('the name of a Redis user', false).optional().meta({
      description: 'The user of the servers, as it is: nothing is percent-encoded here. Not beside one in the URL.',
      example: 'gatepost',
    }),
    password: word('a password', true).optional().meta({
      description: 'The password of the servers, as it is: nothing is percent-encoded here. Not beside one in the URL.',
      file: true,
      example: '${REDIS_PASSWORD}',
    }),
    sentinel_username: word('the name of a user of the sentinels', false).optional().meta({
      description: 'The user of the sentinels, where they have one of their own.',
      default: 'none',
      example: 'gatepost',
    }),
    sentinel_password: word('a password', true).optional().meta({
      description: 'The password of the sentinels.',
      default: "the servers', and then none",
      file: true,
      example: '${SENTINEL_PASSWORD}',
    }),
    ca_file: pemFile(
      'The certificates of the authorities that are believed, instead of those that Node.js knows. For `rediss://`; read anew for each connection.',
      '/etc/ssl/redis-ca.pem',
    ),
    cert_file: pemFile(
      'The certificate that Gatepost shows to the servers (`tls-auth-clients yes`), with `key_file`.',
      '/etc/ssl/gatepost.pem',
    ),
    key_file: pemFile('The private key of `cert_file`, without a passphrase.', '/etc/ssl/gatepost.key'),
    server_name: matching('a host name', (input) => isIP(input) === 0 && HOST_NAME.test(input))
      .optional()
      .meta({
        description:
          'The name that the certificates of the servers must have, and that is asked for (SNI), where it is not the host of the URL.',
        default: 'the host that is connected to',
        example: 'redis.example.com',
      }),
    prefix: matching('1 to 64 letters, digits and `_ . : / @ + = -`', (input) => PREFIX.test(input))
      .default(DEFAULT_PREFIX)
      .meta({
        description:
          'The beginning of every name in Redis. Gateposts with different prefixes share a server and know nothing of each other.',
        example: '"gatepost-test:"',
      }),
  },
  { error: shapeError('a mapping such as { password: … }') },
);

export type RedisSettings = Immutable<z.output<typeof redis>>;
