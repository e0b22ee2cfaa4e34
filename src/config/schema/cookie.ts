/** The keys of `cookie`: what browsers are told of the session cookie. */
import * as z from 'zod';
import { LOGIN_COOKIE } from '../own_cookies.ts';
import { flag, oneOf, scalar, shapeError } from './scalars.ts';

const ALLOWED_NAME = 'a name of 1 to 100 letters, digits, `_`, `-` and `.`';
/** Fewer than RFC 6265 has: a `|`, `~` or `*` is something else in the files of proxies. */
const NAME = /^[\w.-]{1,100}$/;

const name = scalar(ALLOWED_NAME, (input) => {
  if (!NAME.test(input)) throw new Error(`must be ${ALLOWED_NAME}`);
  // The cookies of a login begin like this, and are read as such.
  if (input.includes(LOGIN_COOKIE))
    throw new Error(`must not have ${LOGIN_COOKIE} in it: logins have cookies of that name`);
  return input;
});

export const cookie = z.strictObject(
  {
    name: name.optional().meta({
      description:
        'The name of the session cookie. Over https it gets `__Host-` in front, unless the mode is `forward_domain` or it begins with `__Host-` or `__Secure-` itself.',
      default: '`authentik_proxy_` and 8 digits that are made of `client_id`',
      example: 'grafana_session',
    }),
    same_site: oneOf('lax', 'strict', 'none').default('lax').meta({
      description:
        'With requests of which other sites browsers send the cookie. `lax`: links alone. `strict`: none, so that a visitor who follows a link from another site goes through the login again. `none`: all, for a site that others embed in a frame; needs https, and an application that defends itself against forged requests (CSRF).',
      example: 'none',
    }),
    partitioned: flag().default(false).meta({
      description:
        'In a frame, a cookie for each site that embeds it (CHIPS), which browsers take that refuse cookies of other sites; with `same_site: none`. Needs https.',
      example: 'true',
    }),
  },
  { error: shapeError('a mapping such as { same_site: strict }') },
);
