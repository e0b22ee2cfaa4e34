/** The keys of `outpost`: in the place of authentik's own proxy outpost. */
import * as z from 'zod';
import { application, isSlug } from './application.ts';
import { durationOrOff, flag, scalar, shapeError } from './scalars.ts';
import { notesOf } from './walk.ts';

/** `outpost.keep` where it is not set: a week. */
const DEFAULT_KEEP_MS = 604_800_000;

const ALLOWED_HOST = 'an `http:` or `https:` URL such as `https://auth.example.com`';

/**
 * `AUTHENTIK_HOST`: with its path and a final `/`, host and scheme in lower case. The text is never shown: what stands in
 * the wrong place may be the token.
 */
const host = scalar(
  ALLOWED_HOST,
  (input) => {
    const url = readUrl(input);
    // The texts `?` and `#` alone are refused too, which `URL` does not tell.
    if (/[?#]/.test(input)) throw new Error('must have no query and no fragment: authentik adds to its path');
    if (/^https?:\/\/[^/]*@/i.test(input)) throw new Error('must have no user information: the token is what is sent');
    return `${url.origin}${url.pathname.replace(/\/*$/, '/')}`;
  },
  { secret: true },
);

/** Only scheme, host and port count, as in authentik's own outpost. */
const hostBrowser = scalar(ALLOWED_HOST, (input) => readUrl(input).origin, { secret: true });

function readUrl(input: string): URL {
  if (!/^https?:\/\/[^/?#\\\s]+(?:[/?#][^\\\s]*)?$/i.test(input) || !URL.canParse(input))
    throw new Error(`must be ${ALLOWED_HOST.replaceAll('`', '')}`);
  return new URL(input);
}

/** As authentik makes them, of 60 or 128. */
const MIN_TOKEN_CHARS = 32;

/**
 * What is wrong with a token: the end of a sentence that shows no part of it.
 * Attack: a token of several lines would add headers to each request that carries it.
 */
export function problemOfToken(token: string): string | undefined {
  if (!/^[\x21-\x7e]*$/.test(token)) return 'must be the token of an outpost: visible ASCII characters alone';
  if (/^(?:file|env):\//i.test(token)) return 'must be the token itself; token_file reads it from a file';
  return token.length < MIN_TOKEN_CHARS
    ? `must be the token of an outpost, ${MIN_TOKEN_CHARS} characters or more: authentik shows it under "View deployment info"`
    : undefined;
}

const token = scalar(
  'the token of the outpost',
  (input) => {
    const problem = problemOfToken(input);
    if (problem !== undefined) throw new Error(problem);
    return input;
  },
  { secret: true },
);

/** A key that authentik does not know, as an application has it. */
function given<Schema extends z.ZodType>(schema: z.ZodDefault<Schema>) {
  // zod's types of a schema that is not named lose what it reads.
  const bare = schema.unwrap() as unknown as z.ZodType<z.output<Schema>, z.input<Schema>>;
  return bare.meta({ ...notesOf(schema) }).optional();
}

const { access, claims, skip_preflight, bearer, bearer_audiences, basic, scopes } = application.shape;

const override = z.strictObject(
  {
    access: given(access),
    claims: given(claims),
    skip_preflight: given(skip_preflight),
    bearer: given(bearer),
    bearer_audiences: given(bearer_audiences),
    basic: given(basic),
    scopes: given(scopes),
  },
  { error: shapeError('a mapping such as { access: [{ groups: [admins] }] }') },
);

const ALLOWED_OVERRIDES = 'a mapping of slugs of applications to mappings with keys of an application';

const overrides = z
  .record(z.string(), override, { error: shapeError(ALLOWED_OVERRIDES) })
  .superRefine((all, context) => {
    for (const slug of Object.keys(all)) {
      if (!isSlug(slug))
        context.addIssue({ code: 'custom', message: 'is not the slug of an application', path: [slug] });
    }
  });

export const outpost = z.strictObject(
  {
    host: host.optional().meta({
      description: 'The URL of authentik, as Gatepost reaches it. `AUTHENTIK_HOST` overrules it.',
      default: '`AUTHENTIK_HOST`; one of the two is required',
      example: 'https://auth.example.com',
    }),
    token: token.optional().meta({
      description:
        'The token of the outpost, from "View deployment info" on the page of outposts. `AUTHENTIK_TOKEN` overrules it. A token in a file may change while Gatepost runs.',
      default: '`AUTHENTIK_TOKEN`; one of the two is required',
      file: true,
      example: '${OUTPOST_TOKEN}',
    }),
    insecure: flag().default(false).meta({
      description:
        "Do not check authentik's certificate. An attacker between Gatepost and authentik can then sign in as any user. `AUTHENTIK_INSECURE` overrules it.",
      example: 'true',
    }),
    host_browser: hostBrowser.optional().meta({
      description:
        'The URL of authentik for browsers, where it is another one; only scheme, host and port count. `AUTHENTIK_HOST_BROWSER` overrules it.',
      default: 'that of `host`',
      example: 'https://auth.example.com',
    }),
    pass_client_ip: flag().default(false).meta({
      description:
        "Tell authentik the client's address when an app password is checked, so that its events and its reputation policy see the client and not Gatepost.",
      example: 'true',
    }),
    keep: durationOrOff().default(DEFAULT_KEEP_MS).meta({
      description:
        'How long the last configuration of authentik is good for a start without authentik; `0` keeps none. It is sealed and kept in the store; `memory` keeps none.',
      default: '`7d`',
      example: '24h',
    }),
    overrides: overrides.default({}).meta({
      allowed: ALLOWED_OVERRIDES,
      description:
        'What authentik does not know of its applications, by their slugs: `access`, `claims`, `skip_preflight`, `bearer`, `bearer_audiences`, `basic` and `scopes`, as an application has them. Each replaces what comes from authentik.',
      default: 'none',
      example: '{ grafana: { access: [{ path: ^/admin, groups: [admins] }] } }',
    }),
  },
  { error: shapeError('a mapping such as { host: https://auth.example.com, token: … }') },
);
