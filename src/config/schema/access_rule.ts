/** The keys of one access rule. */
import * as z from 'zod';
import { isToken } from '../../http/headers.ts';
import { checkPattern } from '../../patterns.ts';
import { network } from './addresses.ts';
import { list, matching, oneOf, scalar, shapeError, text } from './scalars.ts';

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
    policy: oneOf('required', 'optional', 'public', 'deny').default('required').meta({
      description:
        'What happens to a request that matches: `required` needs a login; `optional` lets every client in, with identity where there is one; `public` lets every client in; `deny` lets none in.',
      example: 'public',
    }),
    groups: list(text('the name of a group'), 'a list of group names').optional().meta({
      description: 'Allows members of any of these groups. With `policy: required` only.',
      example: '[admins]',
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
  },
  { error: shapeError('a mapping such as { path: ^/admin, groups: [admins] }') },
);
