/** The parts of authentik's answers that are used, checked; all else may be there or not. Pure. */
import { isNonEmptyString, isObject, member } from '../json.ts';
import type { OutpostInstance, RawProvider } from './types.ts';

/** A page of a list. */
export interface Page {
  results: readonly unknown[];
  /** The number of the next page; 0: this is the last. */
  next: number;
}

/** What authentik says of this process. */
export interface OwnHealth {
  /** authentik's own version. */
  versionShould: string | undefined;
  /** authentik shows this outpost as outdated. */
  outdated: boolean | undefined;
}

export function readResults(json: unknown): readonly unknown[] | undefined {
  const results = member(json, 'results');
  return Array.isArray(results) ? results : undefined;
}

export function readPage(json: unknown): Page | undefined {
  const results = readResults(json);
  const next = member(member(json, 'pagination'), 'next');
  if (results === undefined || typeof next !== 'number' || !Number.isSafeInteger(next) || next < 0) return undefined;
  return { results, next };
}

/** `undefined`: it cannot be told which outpost that is. */
export function readInstance(value: unknown): OutpostInstance | undefined {
  if (!isObject(value)) return undefined;
  const { pk, name, type, managed, config } = value;
  if (!isNonEmptyString(pk) || typeof name !== 'string' || !isNonEmptyString(type)) return undefined;
  const interval = value.refresh_interval_s;
  const insecure = member(config, 'authentik_host_insecure');
  return {
    pk,
    name,
    type,
    managed: text(managed),
    refreshIntervalS: typeof interval === 'number' ? interval : undefined,
    config: {
      logLevel: text(member(config, 'log_level')),
      authentikHost: text(member(config, 'authentik_host')),
      authentikHostBrowser: text(member(config, 'authentik_host_browser')),
      authentikHostInsecure: typeof insecure === 'boolean' ? insecure : undefined,
    },
    providers: readProviderNames(value.providers_obj),
  };
}

function readProviderNames(value: unknown): OutpostInstance['providers'] {
  if (!Array.isArray(value)) return [];
  return value
    .filter(isProvider)
    .map((one) => ({ pk: one.pk, name: one.name, slug: text(one.assigned_application_slug) }));
}

export function isProvider(value: unknown): value is RawProvider {
  return isObject(value) && Number.isSafeInteger(value.pk) && typeof value.name === 'string';
}

/** @param instanceId the `uuid` of the instance's messages */
export function readHealth(json: unknown, instanceId: string): OwnHealth | undefined {
  const own: unknown = Array.isArray(json) ? json.find((one) => member(one, 'uid') === instanceId) : undefined;
  if (own === undefined) return undefined;
  const outdated = member(own, 'version_outdated');
  return {
    versionShould: text(member(own, 'version_should')),
    outdated: typeof outdated === 'boolean' ? outdated : undefined,
  };
}

const text = (value: unknown) => (isNonEmptyString(value) ? value : undefined);
