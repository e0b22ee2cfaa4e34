/**
 * What works with each real provider: the tests measure each cell, and `npm run docs:providers` writes the table of
 * docs/providers.md from it.
 */
import { DEX_VERSION, KEYCLOAK_VERSION, versionOf } from '../../scripts/providers.ts';

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
    version: '9.13.3',
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
      'sign-out': 'no: it has no end_session_endpoint',
      'back-channel': 'no',
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
      'back-channel': 'no',
      Basic: 'no',
      Bearer: 'yes',
    },
  },
  'django-oauth-toolkit': {
    version: versionOf('django-oauth-toolkit'),
    cells: {
      login: 'yes',
      groups: 'yes',
      refresh: 'yes',
      'sign-out': 'yes',
      'back-channel': 'no',
      Basic: 'no',
      Bearer: 'yes',
    },
  },
  'django-allauth': {
    version: versionOf('django-allauth'),
    cells: {
      login: 'yes',
      groups: 'yes',
      refresh: 'yes',
      'sign-out': 'yes',
      'back-channel': 'no',
      Basic: 'no',
      Bearer: 'yes',
    },
  },
};
