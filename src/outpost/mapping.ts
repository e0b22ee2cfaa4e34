/**
 * authentik's answer as a configuration: each provider an application, or refused for itself. The same answer makes an
 * equal configuration, in whatever order it came. Pure.
 */
import type { AuthentikAccess } from '../config/managed.ts';
import type { ApplicationConfig, Config } from '../config/schema/config.ts';
import { hostOf } from '../http/url.ts';
import { logLevelOf, outpostNotices } from './outpost_notices.ts';
import { createPlacing } from './placing.ts';
import { readProviderKeys } from './provider_keys.ts';
import { providerNotices } from './provider_notices.ts';
import { type Reach, readProviderUrls } from './provider_urls.ts';
import { Refusal } from './refusal.ts';
import type { MappedOutpost, Notice, OutpostSettings, OutpostState, RawProvider, RefusedProvider } from './types.ts';

export interface MappingInput {
  /** Process keys and the file's own applications. */
  base: Config;
  settings: OutpostSettings;
  state: OutpostState;
}

export function mapOutpost({ base, settings, state }: MappingInput): MappedOutpost {
  const { instance } = state;
  const reach = reachOf(settings, state);
  const access: AuthentikAccess = {
    origin: reach.host.origin,
    insecure: settings.insecure,
    publicOrigin: reach.hostBrowser ?? reach.host.origin,
  };
  const placing = createPlacing(base.applications);
  const applications: ApplicationConfig[] = [];
  const refused: RefusedProvider[] = [];
  const notices: Notice[] = outpostNotices({ settings, state, reach });

  function map(provider: RawProvider): void {
    const urls = readProviderUrls(provider.oidc_configuration, reach);
    const managed = { pk: provider.pk, metadata: urls.metadata, issuers: urls.issuers, access };
    const overrides = settings.overrides[String(provider.assigned_application_slug)];
    const { config, badLines } = readProviderKeys(provider, { base, managed, overrides });
    placing.place(config);
    applications.push(config);
    notices.push(...providerNotices(provider, config, urls));
    for (const line of badLines)
      refused.push({
        ...factsOf(provider),
        field: 'skip_path_regex',
        reason: `has a line ${line} that does not compile and is left out`,
        isServed: true,
      });
  }

  // Of two providers with one host the lower number is served.
  for (const provider of [...state.providers].sort((one, other) => one.pk - other.pk)) {
    try {
      map(provider);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { field, reason } = error;
      placing.reserve(provider, error.message);
      refused.push({ ...factsOf(provider), field, reason });
    }
  }
  const config: Config = {
    ...base,
    outpost_name: nameOf(instance.name) ?? base.outpost_name,
    log: settings.logLevelIsGiven ? base.log : { ...base.log, level: logLevelOf(instance.config.logLevel) },
    applications: [...base.applications, ...applications.sort(byHost)],
    managed: {
      authority: settings.host,
      ...base.managed,
      waiting: false,
      reserved: placing.reserved(),
    },
  };
  return { config, refused, notices };
}

/** The outpost that authentik itself runs knows no `AUTHENTIK_HOST_BROWSER`: its own setting stands in. */
function reachOf({ host, hostBrowser }: OutpostSettings, { instance }: OutpostState): Reach {
  const own =
    instance.managed === 'goauthentik.io/outposts/embedded' ? originOf(instance.config.authentikHost) : undefined;
  const url = new URL(host);
  const browser = hostBrowser ?? own;
  return { host: url, hostBrowser: browser === url.origin ? undefined : browser };
}

function originOf(text: string | undefined): string | undefined {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) ? url.origin : undefined;
}

const byHost = (one: ApplicationConfig, other: ApplicationConfig) =>
  hostOf(one.external_host) < hostOf(other.external_host) ? -1 : 1;

/** It stands in a header. */
const nameOf = (name: string) => (/[\0-\x1f\x7f]/.test(name) || name === '' ? undefined : name);

function factsOf({ pk, name, external_host }: RawProvider): Pick<RefusedProvider, 'pk' | 'name' | 'url'> {
  return { pk, name, url: withoutQuery(external_host) };
}

/** Nor user information: it may be a password. */
function withoutQuery(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
  const { origin, pathname } = new URL(value);
  return origin === 'null' ? undefined : `${origin}${pathname}`;
}
