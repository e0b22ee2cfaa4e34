/** One provider of authentik as an application: the keys that a file would have, checked as those of a file are. Pure. */
import { checkApplication } from '../config/checks/application.ts';
import type { Immutable } from '../config/freeze.ts';
import type { ManagedProvider } from '../config/managed.ts';
import { application } from '../config/schema/application.ts';
import type { ApplicationConfig, Config } from '../config/schema/config.ts';
import { JITLESS } from '../config/schema/scalars.ts';
import { isNonEmptyString } from '../json.ts';
import { keysOfFile } from './file_keys.ts';
import type { ForwardMode } from './provider_mode.ts';
import { Refusal } from './refusal.ts';
import { readSkippedPaths } from './skipped_paths.ts';
import type { RawProvider } from './types.ts';

/** What comes from elsewhere than the provider itself. */
export interface KeySources {
  base: Config;
  mode: ForwardMode;
  managed: ManagedProvider;
  /** `outpost.overrides` for its slug, as they were written. */
  overrides: Readonly<Record<string, unknown>> | undefined;
}

export interface ProviderKeys {
  config: ApplicationConfig;
  /** Numbers of the lines of `skip_path_regex` that do not compile. */
  badLines: readonly number[];
}

/** authentik's names of the fields that make a key. */
const FIELDS: Readonly<Record<string, string>> = { slug: 'assigned_application_slug', scopes: 'scopes_to_request' };

/** Where authentik does not say: what its providers have by default. */
const DEFAULT_SCOPES = ['openid', 'profile', 'email', 'ak_proxy'];

/** As for a duration of the file. */
const MAX_AGE_MS = 3650 * 86_400_000;

/** @throws Refusal */
export function readProviderKeys(
  provider: RawProvider,
  { base, mode, managed, overrides = {} }: KeySources,
): ProviderKeys {
  const { patterns, badLines } = readSkippedPaths(provider.skip_path_regex);
  const raw = {
    name: provider.name,
    slug: needed(provider, 'assigned_application_slug'),
    external_host: needed(provider, 'external_host'),
    mode,
    ...(mode === 'forward_domain' && given(provider, 'cookie_domain')),
    issuer: managed.metadata.issuer,
    // readProviderUrls has made sure that it is AUTHENTIK_HOST, which may be asked so.
    allow_insecure_issuer: String(managed.metadata.issuer.startsWith('http:')),
    client_id: needed(provider, 'client_id'),
    client_secret: needed(provider, 'client_secret'),
    scopes: readScopes(provider.scopes_to_request),
    skip_path_regex: patterns,
    intercept_header_auth: String(provider.intercept_header_auth !== false),
    basic_auth_enabled: String(provider.basic_auth_enabled === true),
    ...given(provider, 'basic_auth_user_attribute'),
    ...given(provider, 'basic_auth_password_attribute'),
    basic: 'app_password',
    bearer: 'introspect',
    ...overrides,
  };
  const { data, error } = application.safeParse(raw, JITLESS);
  if (!data) throw refusalOf(error.issues[0]);
  const config: ApplicationConfig = {
    ...(data as Immutable<typeof data>),
    ...keysOfFile(base, overrides),
    session_max_age: readMaxAge(provider.access_token_validity) ?? base.session_max_age,
    managed,
  };
  checkApplication(config, (path, message) => {
    throw refusalOf({ path, message });
  });
  return { config, badLines };
}

/** The messages of the configuration show what was written, which may be a password in an address or a secret. */
function refusalOf(issue: { path: readonly PropertyKey[]; message: string } | undefined): Refusal {
  const key = String(issue?.path[0] ?? 'provider');
  const message = issue?.message.replace(/; got .*$/s, '') ?? 'cannot be used';
  return new Refusal(FIELDS[key] ?? key, message);
}

function needed(provider: RawProvider, field: string): string {
  const value = provider[field];
  if (value === undefined || value === null || value === '') throw new Refusal(field, 'is missing');
  if (typeof value !== 'string') throw new Refusal(field, 'is no text');
  return value;
}

/** An empty one is none. */
function given(provider: RawProvider, field: string): { [field: string]: string } {
  const value = provider[field];
  return isNonEmptyString(value) ? { [field]: value } : {};
}

/** In one order: authentik changes it from answer to answer. */
function readScopes(value: unknown): string[] {
  const scopes = Array.isArray(value) ? value.filter(isNonEmptyString) : DEFAULT_SCOPES;
  return ['openid', ...new Set(scopes.filter((scope) => scope !== 'openid').sort())];
}

/** `access_token_validity` in seconds, as milliseconds. The tokens' own end bounds a session too. */
function readMaxAge(value: unknown): number | undefined {
  if (typeof value !== 'number' || !(value > 0)) return undefined;
  return Math.min(Math.ceil(value * 1000), MAX_AGE_MS);
}
