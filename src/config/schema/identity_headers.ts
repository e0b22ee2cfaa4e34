/** `identity_headers`: a preset, and a map from header names to claims, written side by side. */
import * as z from 'zod';
import { foldHeaderName, isReservedHeader } from '../../http/reserved_headers.ts';
import { type KeyNotes, oneOf, shapeError, text } from './scalars.ts';

const ALLOWED =
  'a preset (`authentik`, `oauth2-proxy`, `authelia`, `none`), or a mapping of `preset` and header names, each to a claim';

const source = text('the name or path of a claim, such as `preferred_username`');
const headerMap = z.record(z.string(), source, { error: shapeError('a mapping of header names to claims') });

/** Attack: a name with an underscore or dot is another header to a proxy, and the same to CGI: nobody would remove it. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?$/i;

/** What is wrong with a name; `undefined`: nothing. */
function problemOf(name: string): string | undefined {
  if (!NAME.test(name)) return 'is no header name of letters, digits and dashes';
  if (/^x-authentik-/i.test(name)) return 'is one of the headers that Gatepost always sets itself';
  if (foldHeaderName(name) === 'authorization') return "is set by basic_auth_enabled, or is the client's own";
  if (isReservedHeader(name)) return 'says where a request comes from or frames the message, and cannot be set';
  return undefined;
}

export const identityHeaders = z
  .preprocess(
    (input) => (typeof input === 'string' ? { preset: input } : input),
    z
      .object(
        {
          preset: oneOf('authentik', 'oauth2-proxy', 'authelia', 'none').default('authentik').meta({
            description: 'Whose headers the application reads.',
            example: 'authelia',
          }),
          headers: headerMap.optional().meta({
            description: 'Header names, each with the claim that it carries; they may stand beside `preset` as well.',
            default: 'none',
            example: '{ X-WEBAUTH-USER: preferred_username }',
          }),
        },
        { error: shapeError(ALLOWED) },
      )
      .catchall(source),
  )
  .transform((given, context) => {
    const { preset, headers: nested = {}, ...flat } = given;
    const entries = [
      ...Object.entries(flat).map(([name, claim]) => ({ name, claim, path: [name] })),
      ...Object.entries(nested).map(([name, claim]) => ({ name, claim, path: ['headers', name] })),
    ];
    const seen = new Map<string, string>();
    for (const { name, path } of entries) {
      const other = seen.get(foldHeaderName(name));
      const message = problemOf(name) ?? (other === undefined ? undefined : `is the same header as ${other}`);
      if (message !== undefined) context.addIssue({ code: 'custom', message, path });
      seen.set(foldHeaderName(name), name);
    }
    return { preset, headers: Object.fromEntries(entries.map(({ name, claim }) => [name, claim])) };
  })
  .meta({ allowed: ALLOWED } satisfies KeyNotes);
