/** The keys of the configuration. The descriptions here are the reference page. */
import * as z from 'zod';
import { isToken } from '../../http/headers.ts';
import type { Immutable } from '../freeze.ts';
import type { ManagedOutpost, ManagedProvider } from '../managed.ts';
import { PRIVATE_NETWORKS } from '../trusted_proxies.ts';
import type { accessRule } from './access_rule.ts';
import { listenAddress, listenAddressOrOff, network } from './addresses.ts';
import { application } from './application.ts';
import { applicationDefaults } from './application_defaults.ts';
import { limits } from './limits.ts';
import { outpost } from './outpost.ts';
import { pages } from './pages.ts';
import { redis } from './redis.ts';
import {
  DEFAULT_SESSION_MAX_AGE_MS,
  duration,
  flag,
  type KeyNotes,
  list,
  listOrText,
  matching,
  oneOf,
  scalar,
  shapeError,
  text,
} from './scalars.ts';
import { storeUrl } from './store_url.ts';
import { looksLikeVariable } from './variables.ts';

const secretItem = scalar(
  '32 characters or more',
  (input) => {
    if (input.length >= 32) return input;
    const variable = looksLikeVariable(input) ? '; a variable of the environment is written ${NAME}' : '';
    throw new Error(`must be 32 characters or more (openssl rand -base64 32 makes one)${variable}`);
  },
  { secret: true },
);

const secret = listOrText(secretItem, '32 characters or more, or a list of such', (input) => [input]).refine(
  (given) => given.length > 0,
  { error: 'must not be an empty list: at least one secret is needed' },
);

const workers = scalar('a whole number from 1 on, or `auto` for one per core', (input): number | 'auto' => {
  if (input === 'auto') return input;
  if (!/^[1-9]\d{0,2}$/.test(input)) throw new Error('must be a whole number from 1 to 999, or auto');
  return Number(input);
}).meta({
  json: [{ type: 'integer', minimum: 1, maximum: 999 }, { enum: ['auto'] }],
} satisfies KeyNotes);

const listen = z.strictObject(
  {
    http: listenAddress().default('0.0.0.0:9000').meta({
      description: 'Where Gatepost listens for proxies and browsers. Port 0 takes any free one.',
      example: '127.0.0.1:9000',
    }),
    metrics: listenAddressOrOff().default('127.0.0.1:9300').meta({
      description: 'Where `/metrics` is, for Prometheus; never on `listen.http`.',
      example: 'off',
    }),
  },
  { error: shapeError('a mapping such as { http: 0.0.0.0:9000 }') },
);

const log = z.strictObject(
  {
    level: oneOf('trace', 'debug', 'info', 'warn', 'error').default('info').meta({
      description: 'The least important lines to write; decisions are `info`.',
      example: 'warn',
    }),
    query: flag().default(false).meta({
      description: 'Write the query of forwarded URLs too. It may hold secrets of the application.',
      example: 'true',
    }),
    format: oneOf('auto', 'json', 'pretty').default('auto').meta({
      description: '`json` is one object a line; `pretty` is for people; `auto` is `pretty` on a terminal.',
      example: 'json',
    }),
  },
  { error: shapeError('a mapping such as { level: info }') },
);

export const APPLICATIONS = 'a list of applications';

export const config = z.strictObject(
  {
    listen: listen.prefault({}).meta({
      allowed: 'a mapping with `http` and `metrics`',
      description: 'Addresses to listen on.',
      example: '{ http: 127.0.0.1:9000 }',
    }),
    trusted_proxies: list(network(), 'a list of networks or addresses', { empty: true })
      .default([...PRIVATE_NETWORKS])
      .meta({
        description:
          'The proxies that may send requests. Every other peer gets 403, and its headers are not read. The client is the last address of `X-Forwarded-For`, which the asking proxy wrote; an address that you list here yourself counts as one more proxy, and the address before it as the client. The default list does not: clients live in private networks too.',
        example: '[127.0.0.1, 172.18.0.0/16]',
      }),
    secret: secret.meta({
      allowed: '32 characters or more, or a list of such',
      default:
        'none, the key is required; with `outpost`: `GATEPOST_SECRET`, and then a key that is derived from the token',
      description:
        'Seals sessions and logins. In a list the first seals and all open: put a new one first, and remove the old one after `session_max_age`.',
      file: true,
      example: '${GATEPOST_SECRET}',
    }),
    store: storeUrl().default('memory').meta({
      description:
        'Where sessions are kept: `memory` until the process ends; `file://` in a folder, for the processes of one machine; Redis or Valkey for several machines.',
      file: true,
      example: 'file:///var/lib/gatepost',
    }),
    redis: redis.prefault({}).meta({
      allowed:
        'a mapping with `username`, `password`, `sentinel_username`, `sentinel_password`, `ca_file`, `cert_file`, `key_file`, `server_name` and `prefix`',
      description: 'What a store in Redis needs beside its URL.',
      example: '{ prefix: "gatepost-test:" }',
    }),
    outpost_name: text('the name of this outpost').default('gatepost').meta({
      description: '`X-authentik-meta-outpost` of the response.',
      example: 'edge-1',
    }),
    session_max_age: duration().default(DEFAULT_SESSION_MAX_AGE_MS).meta({
      description:
        'How long a session with a refresh token lives, for all applications that do not say so themselves. Without one it ends with its tokens.',
      default: '`24h`',
      example: '7d',
    }),
    session_lifetime: duration().optional().meta({
      description: 'The default of `session_lifetime` for all applications.',
      default: 'none: a session ends with its tokens',
      example: '8h',
    }),
    session_idle: duration().optional().meta({
      description: 'The default of `session_idle` for all applications.',
      default: 'none: a session that nobody uses does not end earlier',
      example: '30m',
    }),
    nginx_method_header: matching('the name of a header', isToken).optional().meta({
      description:
        'The header in which nginx sends the method of the client. Name it only where your nginx configuration sets it: else a client could.',
      default: "none: the client's method is unknown to nginx's endpoint",
      example: 'X-Original-Method',
    }),
    limits: limits.prefault({}).meta({
      allowed: 'a mapping with `refusals_per_user_and_address`, `refusals_per_address` and `refusals_per_user`',
      description:
        'How many refused credentials there may be within a minute before further ones are held back with 429. A credential that was accepted before is never held back.',
      example: '{ refusals_per_address: 100 }',
    }),
    workers: workers.default(1).meta({
      description:
        'How many processes share the port. More than one needs a store that they share: `file://` or Redis.',
      example: 'auto',
    }),
    watch: flag().default(false).meta({
      description:
        'Load this file anew when it, or a file that it names, has changed. SIGHUP does that at any time. A wrong file is refused whole, and the configuration before goes on ([how](operating.md#changing-the-configuration-upgrading)).',
      example: 'true',
    }),
    allow_insecure_issuer: flag().default(false).meta({
      description: 'The default of `allow_insecure_issuer` for all applications.',
      example: 'true',
    }),
    log: log.prefault({}).meta({
      allowed: 'a mapping with `level`, `query` and `format`',
      description: 'What is logged, and how.',
      example: '{ level: warn, format: json }',
    }),
    pages: pages.prefault({}).meta({
      allowed: 'a mapping with `title`, `logo_file`, `contact` and `language`',
      description:
        'Whose site the pages are that visitors see, and whom they can ask (see [pages](pages.md)). An application can say each of these for itself.',
      example: '{ title: Example Ltd, contact: help@example.com, language: de }',
    }),
    defaults: applicationDefaults.optional().meta({
      allowed: 'a mapping with keys of an application',
      description:
        'Keys of an application, for all applications that do not have them themselves: any but `name`, `slug`, `external_host` and `hosts`. A key that an application has replaces the default whole; lists and mappings are not joined.',
      default: 'none',
      example: '{ issuer: https://auth.example.com, scopes: [openid, profile, email, offline_access] }',
    }),
    outpost: outpost.optional().meta({
      allowed: 'a mapping with `host`, `token`, `insecure`, `host_browser`, `pass_client_ip`, `keep` and `overrides`',
      description:
        "Take the place of authentik's own proxy outpost: authentik tells which applications there are. `secret` and `applications` may be left out then, and the variables of authentik's outposts count (see [outpost mode](outpost.md)).",
      default: 'none; `AUTHENTIK_TOKEN` in the environment is as good as `outpost: {}`',
      example: '{ host: https://auth.example.com, token_file: /run/secrets/outpost_token }',
    }),
    applications: list(application, APPLICATIONS, { empty: true }).meta({
      description: 'The protected sites; their keys are in the next chapter.',
      default: 'none, the key is required; with `outpost` those of authentik alone',
      example: '[{ name: Grafana, … }]',
    }),
  },
  { error: shapeError('a mapping of keys to values') },
);

export type AccessRule = Immutable<z.output<typeof accessRule>>;
/** `managed`: authentik manages it (outpost mode); a file never says so. */
export type ApplicationConfig = Immutable<z.output<typeof application> & { managed?: ManagedProvider }>;
/**
 * The configuration after every check: key names are those of the file, durations are milliseconds, lists are lists.
 * `managed`: authentik manages a part of it (outpost mode).
 */
export type Config = Immutable<
  Omit<z.output<typeof config>, 'applications'> & { managed?: ManagedOutpost; applications: ApplicationConfig[] }
>;
