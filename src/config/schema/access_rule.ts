/** The keys of one access rule. */
import * as z from 'zod';
import { isToken } from '../../http/headers.ts';
import { checkPattern } from '../../patterns.ts';
import { network } from './addresses.ts';
import { type KeyNotes, list, listOrText, matching, oneOf, scalar, shapeError, text } from './scalars.ts';
import { ruleHost } from './urls.ts';

/** A pattern in RE2 syntax that compiles, as it was written. */
export function pattern() {
  return scalar('a pattern in RE2 syntax (as in Go), unanchored', (input) => {
    checkPattern(input);
    return input;
  });
}

const method = scalar('an HTTP method such as `GET`', (input) => {
  if (!isToken(input)) throw new Error('must be an HTTP method such as GET');
  return input.toUpperCase();
});

const CLAIMS = 'a mapping of claims to values, such as `{ department: sales }` or `{ department: [sales, support] }`';
const claimValues = listOrText(
  text('the value of a claim'),
  'the value of a claim, or a list of values',
  (value) => [value],
  { empty: false },
);
const MAX_CLAIM_CHARS = 200;

/** By the provider's names of claims. */
const claims = z
  .record(z.string(), claimValues, { error: shapeError(CLAIMS) })
  .superRefine((given, context) => {
    for (const name of Object.keys(given)) {
      if (name === '' || name.length > MAX_CLAIM_CHARS || /[\0-\x1f\x7f]/.test(name))
        context.addIssue({ code: 'custom', message: 'is not the name of a claim', path: [name] });
    }
    if (Object.keys(given).length === 0) {
      context.addIssue({ code: 'custom', message: `must not be empty: leave it out, or write ${CLAIMS}` });
    }
  })
  .meta({ allowed: CLAIMS } satisfies KeyNotes);

const onlyTrue = scalar('`true`', (input) => {
  if (!/^true$/i.test(input)) throw new Error('must be true, or be left out');
  return true;
});

const isEmailPattern = (text: string) => /^[^@\s]+@[^@\s]+$/.test(text);

export const accessRule = z.strictObject(
  {
    path: pattern().optional().meta({
      description:
        'Which paths: tested against the path of the request, without the query. A path that a program behind the proxy could read in another way matches a `public` or `optional` rule only where every reading of it does (see [paths that can be read in several ways](#paths-that-can-be-read-in-several-ways)).',
      example: '^/admin',
    }),
    methods: list(method, 'a list of HTTP methods').optional().meta({
      description:
        'Which methods of the client, in any letter case. An application that obeys `X-HTTP-Method-Override` may do something else.',
      example: '[POST, PUT]',
    }),
    networks: list(network(), 'a list of networks or addresses').optional().meta({
      description:
        'Which client addresses: the last one of `X-Forwarded-For`, or the one before the proxies that you list in `trusted_proxies`. A client whose address is unknown matches no `public` or `optional` rule with `networks`.',
      example: '[10.0.0.0/8, "fd00::/8"]',
    }),
    hosts: list(ruleHost(), 'a list of hosts; `*.` stands for one label before a host').optional().meta({
      description:
        'Which hosts of the application. Letter case, a dot at the end and the ports 80 and 443 make no difference; `*.example.com` is one label before `example.com`, and not `example.com` itself. A `deny` or `required` rule is about the name, whatever the port of the request, as the client writes it. A `public` or `optional` rule is about the port too: the one that it names, else 80 and 443.',
      example: '[wiki.example.com, "*.dev.example.com"]',
    }),
    policy: oneOf('required', 'optional', 'public', 'deny').default('required').meta({
      description:
        'What happens to a request that matches: `required` needs a login; `optional` lets every client in, with identity where there is one; `public` lets every client in; `deny` lets none in.',
      example: 'public',
    }),
    groups: list(text('the name of a group, `*` for any part of it, such as `team-*`'), 'a list of group names')
      .optional()
      .meta({
        description:
          'Allows members of any of these groups, in their own letter case; `*` stands for any characters. With `policy: required` only.',
        example: '[admins, "team-*"]',
      }),
    users: list(text('a user name'), 'a list of user names').optional().meta({
      description: 'Allows these users, by `preferred_username`. With `policy: required` only.',
      example: '[alice, bob]',
    }),
    emails: list(
      matching('an e-mail address, `*` for any part of it, such as `*@example.com`', isEmailPattern),
      'a list of e-mail addresses',
    )
      .optional()
      .meta({
        description:
          'Allows these e-mail addresses, in any letter case; `*` stands for any characters but `@`. With `policy: required` only.',
        example: '["*@example.com"]',
      }),
    claims: claims.optional().meta({
      description:
        'Allows only users who have one of these values in each of these claims, beside what `groups`, `users` and `emails` ask. A claim is named as the provider names it; a path with dots reaches into objects. Values are compared as text, in their own letter case; of a claim with several values one is enough. What the ID token lacks is taken from userinfo. A session that was made before a rule named the claim does not know it: its user is refused until the session is refreshed or made anew. With `policy: required` only.',
      example: '{ department: sales }',
    }),
    email_verified: onlyTrue.optional().meta({
      description:
        'Allows only users with an e-mail address of which the provider says that it is verified, beside what the other keys ask. For `emails` alone it is enough that the provider does not deny it. With `policy: required` only.',
      example: 'true',
    }),
  },
  { error: shapeError('a mapping such as { path: ^/admin, groups: [admins] }') },
);
