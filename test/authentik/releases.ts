/** What differs between authentik's releases, as far as an outpost sees it. */

export type Release = '2023.10' | '2024.6' | '2025.8' | '2026.8';

export interface Traits {
  /** The server's own version; `version_should` of its health answers. */
  version: string;
  /** The package whose `schema.yml` judges. Releases before 2025.8 have none, and are judged by that with less required. */
  schema: '@goauthentik/api' | '@goauthentik/api-2025.8';
  /** Lists have `autocomplete`. */
  autocomplete: boolean;
  /** Outposts have `refresh_interval_s`. */
  refreshInterval: boolean;
  /** Health tells `golang_version`, `openssl_*` and `fips_enabled`; an instance is named by the query, not by `args.uuid`. */
  namesInstanceByQuery: boolean;
  /** A newer outpost counts as outdated, too. */
  newerIsOutdated: boolean;
  /** Tokens that introspection knows: those of the asker, also those of federated providers, or all (CVE-2024-47077). */
  introspects: 'own' | 'federated' | 'any';
  /** Access tokens are deleted with their session. */
  deletesTokens: boolean;
  /** The instructions that tell the end of a session. */
  sessionEnd: readonly (3 | 4)[];
  /** The list of providers is closed to all but accounts of outposts. */
  closesProviders: boolean;
  /** A refresh token takes the scope `offline_access`. */
  refreshTakesScope: boolean;
}

const NEW: Traits = {
  version: '2026.8.3',
  schema: '@goauthentik/api',
  autocomplete: true,
  refreshInterval: true,
  namesInstanceByQuery: true,
  newerIsOutdated: true,
  introspects: 'federated',
  deletesTokens: true,
  sessionEnd: [4],
  closesProviders: true,
  refreshTakesScope: true,
};
const IN_2025: Traits = {
  ...NEW,
  version: '2025.8.6',
  schema: '@goauthentik/api-2025.8',
  introspects: 'own',
  sessionEnd: [3, 4],
  closesProviders: false,
};
const IN_2024: Traits = {
  ...IN_2025,
  version: '2024.6.4',
  autocomplete: false,
  newerIsOutdated: false,
  introspects: 'any',
  deletesTokens: false,
  sessionEnd: [3],
};
const IN_2023: Traits = {
  ...IN_2024,
  version: '2023.10.7',
  refreshInterval: false,
  namesInstanceByQuery: false,
  refreshTakesScope: false,
};

export const releases: Readonly<Record<Release, Traits>> = {
  '2023.10': IN_2023,
  '2024.6': IN_2024,
  '2025.8': IN_2025,
  '2026.8': NEW,
};
