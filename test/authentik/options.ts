/** How a double starts. */
import { people, type TestUser } from '../../demo/provider/options.ts';
import type { OidcEndpoint } from './oidc/routes.ts';
import type { ProxyProvider } from './proxy_provider.ts';
import { type Release, releases, type Traits } from './releases.ts';
import type { Outpost, Settings } from './rows.ts';

/** `config`, `certificate`: of the API, never asked by Gatepost. `outside`: not below the path of authentik. */
export type Endpoint =
  | 'instances'
  | 'proxy'
  | 'health'
  | 'events'
  | 'config'
  | 'certificate'
  | OidcEndpoint
  | 'favicon'
  | 'other'
  | 'outside';

export interface AuthentikOptions extends Partial<Omit<Settings, 'traits'>> {
  /** Default `2026.8`. */
  release?: Release;
  /** In place of what the release does: `introspects`, `deletesTokens`, `sessionEnd`, `version`, … */
  traits?: Partial<Traits>;
  providers?: ProxyProvider[];
  outpost?: Partial<Outpost>;
  /** The demo's people; app passwords are `app-<username>`. */
  users?: TestUser[];
  /** Who is signed in at once (default `alice`); `null`: a form asks. */
  autoLogin?: string | null;
  /** authentik's own path, with both slashes (`AUTHENTIK_WEB__PATH`). */
  path?: string;
  /** Behind TLS with a certificate of its own (`true`: made for `localhost` and 127.0.0.1). */
  https?: boolean | { cert: string; key: string };
  /** The name in `url`; it must lead to 127.0.0.1. */
  hostname?: string;
  /** 0: a free one. */
  port?: number;
  /** Whether `X-Forwarded-Proto`, and that of the TLS in front, is believed; `false`: all URLs and `iss` say `http`. */
  trustsProxy?: boolean;
  /** In place of host and scheme of each request (2026.11). */
  baseUrl?: string;
}

export function withDefaults(options: AuthentikOptions) {
  return {
    settings: {
      traits: { ...releases[options.release ?? '2026.8'], ...options.traits },
      pageSize: options.pageSize ?? 2,
      future: options.future ?? false,
      sidClaim: options.sidClaim ?? ('hashed' as const),
      sessionEvent: options.sessionEvent ?? ('hashed' as const),
      buildHash: options.buildHash ?? '',
      allowsDiscovery: options.allowsDiscovery ?? false,
      now: options.now ?? Date.now,
    },
    state: {
      outpost: options.outpost ?? {},
      providers: options.providers ?? [],
      users: options.users ?? structuredClone(people),
      autoLogin: options.autoLogin === null ? undefined : (options.autoLogin ?? 'alice'),
    },
  };
}
