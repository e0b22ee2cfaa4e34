/** What the parts of outpost mode hand to each other: plain data. */
import type { Config } from '../config/schema/config.ts';
import type { FileHashes } from '../config/sources.ts';

/** What the operator chose; the environment wins over the file. */
export interface OutpostSettings {
  /** `AUTHENTIK_HOST` with its path and a final `/`: `https://auth.example.com/`. */
  host: string;
  /** `AUTHENTIK_INSECURE`. */
  insecure: boolean;
  /** The origin of `AUTHENTIK_HOST_BROWSER`, lower case, without the default port. */
  hostBrowser: string | undefined;
  /** `outpost.pass_client_ip`. */
  passClientIp: boolean;
  /** `outpost.keep` in milliseconds; 0: nothing is kept. */
  keepMs: number;
  /** `outpost.overrides`: raw keys of an application, by slug. */
  overrides: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** File or environment say `log.level`: authentik's does not count. */
  logLevelIsGiven: boolean;
  /** The file, or the environment (`GATEPOST_SECRET`), says `secret`; else it is derived from the token. */
  secretIsGiven: boolean;
}

/** The bearer token; one in a file (`file:///…`) may change while the process runs. */
export interface TokenSource {
  current(): string;
  /** Reads it again; whether it is another one now. A wrong or missing one leaves the one before, and `problem` says why. */
  renew(): Promise<{ changed: boolean; problem?: string }>;
}

/** What a process in outpost mode starts with. */
export interface OutpostStart {
  settings: OutpostSettings;
  token: TokenSource;
  /** Process keys and the file's own applications; `managed.waiting` is true. */
  base: Config;
  /** Said once at the start. */
  notices: readonly Notice[];
  /** The configuration file, where there is one. */
  file: string | undefined;
  /** It, and all files that it and the environment name: with `base` this is what a reload compares. */
  files: FileHashes;
}

/** Something for the operator; the same `key` is said once, and again only when its message has changed. */
export interface Notice {
  level: 'info' | 'warn' | 'error';
  /** The event of the log line: `outpost.…`. */
  event: string;
  key: string;
  message: string;
}

/** `results[]` of `GET /outposts/instances/`. */
export interface OutpostInstance {
  pk: string;
  name: string;
  /** `proxy`, `ldap`, …; new ones may come. */
  type: string;
  managed: string | undefined;
  refreshIntervalS: number | undefined;
  config: {
    logLevel: string | undefined;
    authentikHost: string | undefined;
    authentikHostBrowser: string | undefined;
    authentikHostInsecure: boolean | undefined;
  };
  providers: readonly { pk: number; name: string; slug: string | undefined }[];
}

/** One of `results[]` of `GET /outposts/proxy/`, as it came: nothing but `pk` and `name` was checked. */
export interface RawProvider extends Readonly<Record<string, unknown>> {
  readonly pk: number;
  readonly name: string;
}

/** What one refresh has read. */
export interface OutpostState {
  instance: OutpostInstance;
  providers: readonly RawProvider[];
}

/** A provider that is not served, or not wholly. */
export interface RefusedProvider {
  pk: number;
  name: string;
  /** authentik's name of the field to blame. */
  field: string;
  reason: string;
  /** `external_host` without its query, for the event. */
  url: string | undefined;
  /** All but what is named is served. */
  isServed?: true;
}

export interface MappedOutpost {
  /** The base with authentik's applications; `managed.waiting` is false. */
  config: Config;
  refused: readonly RefusedProvider[];
  notices: readonly Notice[];
}

/**
 * `refused`: authentik does not take the token. `outage`: everything that may pass. `not_an_outpost`: the token sees no
 * outpost, several, or one of another type.
 */
export type ApiFailureKind = 'refused' | 'outage' | 'not_an_outpost';
