/** One provider of authentik as an application: the keys that a file would have, checked as those of a file are. Pure. */
import { checkApplication } from '../config/checks/application.ts';
import type { Immutable } from '../config/freeze.ts';
import type { ManagedProvider } from '../config/managed.ts';
import { application } from '../config/schema/application.ts';
import type { ApplicationConfig, Config } from '../config/schema/config.ts';
import { JITLESS } from '../config/schema/scalars.ts';
import { isNonEmptyString } from '../json.ts';
import { checkPattern } from '../patterns.ts';
import { Refusal } from './refusal.ts';
import type { RawProvider } from './types.ts';

/** What comes from elsewhere than the provider itself. */
export interface KeySources {
  base: Config;
  managed: ManagedProvider;
  /** `outpost.overrides` for its slug, as they were written. */
  overrides: Readonly<Record<string, unknown>> | undefined;
}

export interface ProviderKeys {
  config: ApplicationConfig;
  /** Numbers of the lines of `skip_path_regex` that do not compile. */
  badLines: number[];
}

/** authentik's names of the fields that make a key. */
const FIELDS: Readonly<Record<string, string>> = { slug: 'assigned_application_slug', scopes: 'scopes_to_request' };

/** Where authentik does not say: what its providers have by default. */
const DEFAULT_SCOPES = ['openid', 'profile', 'email', 'ak_proxy'];

const MAX_AGE_MS = 3650 * 86_400_000;

/** @throws Refusal */
export function readProviderKeys(provider: RawProvider, { base, managed, overrides }: KeySources): ProviderKeys {
  const mode = readMode(provider.mode);
  const { lines, badLines } = readPatterns(provider.skip_path_regex);
  const raw = {
    name: provider.name,
    slug: required(provider, 'assigned_application_slug'),
    external_host: required(provider, 'external_host'),
    mode,
    ...(mode === 'forward_domain' && isNonEmptyString(provider.cookie_domain)
      ? { cookie_domain: provider.cookie_domain }
      : {}),
    issuer: managed.metadata.issuer,
    allowed_issuers: managed.issuers.length > 1 ? [...managed.issuers] : [],
    // It is asked without TLS at AUTHENTIK_HOST alone: readProviderUrls.
    allow_insecure_issuer: 'true',
    client_id: required(provider, 'client_id'),
    client_secret: required(provider, 'client_secret'),
    scopes: readScopes(provider.scopes_to_request),
    skip_path_regex: lines,
    intercept_header_auth: String(provider.intercept_header_auth !== false),
    basic_auth_enabled: String(provider.basic_auth_enabled === true),
    ...attribute(provider, 'basic_auth_user_attribute'),
    ...attribute(provider, 'basic_auth_password_attribute'),
    basic: 'app_password',
    bearer: 'introspect',
    ...overrides,
  };
  const { data, error } = application.safeParse(raw, JITLESS);
  if (!data) throw refusalOf(error.issues[0]);
  checkApplication(data, (path, message) => {
    throw refusalOf({ path, message });
  });
  const config: ApplicationConfig = {
    ...(data as Immutable<typeof data>),
    session_max_age: readMaxAge(provider.access_token_validity) ?? base.session_max_age,
    session_lifetime: base.session_lifetime,
    session_idle: base.session_idle,
    pages: base.pages,
    managed,
  };
  return { config, badLines };
}

/** The messages of the configuration show what was written, which may be a password in an address or a secret. */
function refusalOf(issue: { path: readonly PropertyKey[]; message: string } | undefined): Refusal {
  const key = String(issue?.path[0] ?? 'provider');
  const message = issue?.message.replace(/; got .*$/s, '') ?? 'cannot be used';
  return new Refusal(FIELDS[key] ?? key, message);
}

function required(provider: RawProvider, field: string): string {
  const value = provider[field];
  if (!isNonEmptyString(value)) throw new Refusal(field, 'is missing');
  return value;
}

/** An empty one is none. */
function attribute(provider: RawProvider, field: string) {
  const value = provider[field];
  return isNonEmptyString(value) ? { [field]: value } : {};
}

function readMode(mode: unknown): 'forward_single' | 'forward_domain' {
  if (mode === 'forward_single' || mode === 'forward_domain') return mode;
  if (mode === 'proxy') throw new Refusal('mode', 'is proxy: reverse proxying is not served, set Forward auth');
  throw new Refusal('mode', 'is none that is known here: set Forward auth');
}

/** In one order: authentik changes it from answer to answer. */
function readScopes(value: unknown): string[] {
  const given = Array.isArray(value) ? value.filter(isNonEmptyString) : DEFAULT_SCOPES;
  return ['openid', ...new Set(given.filter((scope) => scope !== 'openid').sort())];
}

/**
 * A line that does not compile is left out, which closes what it would open; authentik's own outpost does the same.
 * Attack: an empty line is a pattern that every path has.
 */
function readPatterns(value: unknown): { lines: string[]; badLines: number[] } {
  const badLines: number[] = [];
  const all = typeof value === 'string' ? value.split('\n') : [];
  const lines = all.flatMap((given, index) => {
    const line = given.replace(/\r+$/, '');
    if (line.trim() === '') return [];
    if (compiles(line)) return [line];
    badLines.push(index + 1);
    return [];
  });
  return { lines, badLines };
}

function compiles(pattern: string): boolean {
  try {
    checkPattern(pattern);
    return true;
  } catch {
    return false;
  }
}

/** `access_token_validity`: seconds. */
function readMaxAge(value: unknown): number | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) return undefined;
  return Math.min(Math.ceil(value * 1000), MAX_AGE_MS);
}
