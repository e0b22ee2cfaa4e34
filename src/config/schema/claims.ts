/** The mapping from authentik's claims to those of the provider: each is one of them, or a list of which one counts. */
import * as z from 'zod';
import { listOrText, shapeError, text } from './scalars.ts';

const NAMES = ['preferred_username', 'groups', 'entitlements', 'email', 'name', 'sub', 'ak_proxy'] as const;
/** Other names that are in use. */
const ALIASES = { username: 'preferred_username', uid: 'sub' } as const;

const source = listOrText(
  text('the path of a claim, such as `realm_access.roles`'),
  'the path of a claim, such as `realm_access.roles`, or a list of these',
  (path) => [path],
  { empty: false },
).optional();
const KEYS = [...NAMES, ...(Object.keys(ALIASES) as (keyof typeof ALIASES)[])];
type ClaimKey = (typeof KEYS)[number];

/** The mapping by the claims' own names; `realm_access.roles` reaches into an object. */
export const claims = z
  .strictObject(Object.fromEntries(KEYS.map((key) => [key, source])) as Record<ClaimKey, typeof source>, {
    error: shapeError('a mapping such as { groups: realm_access.roles }'),
  })
  .transform((given, context) => {
    const mapped: Record<string, string[]> = {};
    for (const [key, path] of Object.entries(given)) {
      const name = ALIASES[key as keyof typeof ALIASES] ?? key;
      if (name in mapped)
        context.addIssue({ code: 'custom', message: `is ${name}, which is mapped twice`, path: [key] });
      if (path !== undefined) mapped[name] = path;
    }
    return mapped;
  })
  .meta({
    allowed: `a mapping of ${KEYS.map((key) => `\`${key}\``).join(', ')}, each to a claim or to a list of claims`,
  });
