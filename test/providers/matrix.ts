/**
 * What works with each real provider: the tests measure each cell, and `npm run docs:matrix` writes the table of
 * docs/providers.md from it.
 */
import { DEX_VERSION, KEYCLOAK_VERSION, lockedVersionOf, versionOf } from '../../scripts/providers.ts';

export const COLUMNS = ['login', 'groups', 'refresh', 'sign-out', 'back-channel', 'Basic', 'Bearer'] as const;
export type Column = (typeof COLUMNS)[number];

/** Begins with `yes` or `no`; what follows says how, or why not. */
export type Cell = 'yes' | 'no' | `${'yes' | 'no'}${',' | ':'} ${string}`;

export interface Row {
  /** As the installer pins it (`scripts/fetch-providers.ts`), or as npm's lock file does. */
  version: string;
  cells: Record<Column, Cell>;
}

export const MATRIX: Record<string, Row> = {
  'oidc-provider': {
    version: lockedVersionOf('oidc-provider'),
    cells: {
      login: 'yes',
      groups: 'yes',
      refresh: 'yes',
      'sign-out': 'yes',
      'back-channel': 'yes',
      Basic: 'no: it has no grant for passwords of its own',
      Bearer: 'yes, opaque: by introspection',
    },
  },
  Keycloak: {
    version: KEYCLOAK_VERSION,
    cells: {
      login: 'yes',
      groups: 'yes, with a mapper',
      refresh: 'yes',
      'sign-out': 'yes',
      'back-channel': 'yes',
      Basic: 'yes',
      Bearer: 'yes',
    },
  },
  Dex: {
    version: DEX_VERSION,
    cells: {
      login: 'yes',
      groups: 'no: not with its own list of passwords',
      refresh: 'yes',
      'sign-out': 'yes: it keeps no session of its own, and asks again',
      'back-channel': 'no: it has none',
      Basic: 'yes',
      Bearer: 'yes',
    },
  },
  Canaille: {
    version: versionOf('canaille'),
    cells: {
      login: 'yes',
      groups: 'yes',
      refresh: 'yes',
      'sign-out': 'yes',
      'back-channel': 'no: it has none',
      Basic: 'no: it sends no ID token for a password',
      Bearer: 'yes, opaque: by introspection',
    },
  },
  'django-oauth-toolkit': {
    version: versionOf('django-oauth-toolkit'),
    cells: {
      login: 'yes',
      groups: 'yes, with a validator class that adds them',
      refresh: 'yes',
      'sign-out': 'yes',
      'back-channel': 'no: it has none',
      Basic: 'no: its applications have one grant, and this one is for logins',
      Bearer: 'yes, opaque: with introspection_endpoint',
    },
  },
  'django-allauth': {
    version: versionOf('django-allauth'),
    cells: {
      login: 'yes',
      groups: 'yes, with an adapter that adds them',
      refresh: 'yes',
      'sign-out': 'yes',
      'back-channel': 'no: it has none',
      Basic: 'no: it has no password grant',
      Bearer: 'yes, opaque: by introspection',
    },
  },
};
