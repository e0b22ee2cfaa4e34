/** Which claim of the provider is which of authentik's. */
import * as z from 'zod';
import { shapeError, text } from './scalars.ts';

const names = ['preferred_username', 'groups', 'entitlements', 'email', 'name', 'sub', 'ak_proxy'] as const;
/** How people call them otherwise. */
const aliases = { username: 'preferred_username', uid: 'sub' } as const;

const source = text('the path of a claim, such as `realm_access.roles`').optional();
const keys = [...names, ...(Object.keys(aliases) as (keyof typeof aliases)[])];
type ClaimKey = (typeof keys)[number];

/** The mapping by the claims' own names; `realm_access.roles` reaches into an object. */
export const claims = z
  .strictObject(Object.fromEntries(keys.map((key) => [key, source])) as Record<ClaimKey, typeof source>, {
    error: shapeError('a mapping such as { groups: realm_access.roles }'),
  })
  .transform((given, context) => {
    const mapped: Record<string, string> = {};
    for (const [key, path] of Object.entries(given)) {
      const name = aliases[key as keyof typeof aliases] ?? key;
      if (name in mapped)
        context.addIssue({ code: 'custom', message: `is ${name}, which is mapped twice`, path: [key] });
      if (path !== undefined) mapped[name] = path;
    }
    return mapped;
  })
  .meta({ allowed: `a mapping of ${keys.map((key) => `\`${key}\``).join(', ')}` });
