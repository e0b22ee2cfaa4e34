/**
 * authentik's answer as a configuration: each provider an application, or refused for itself. The same answer makes an
 * equal configuration, in whatever order it came. Pure.
 */
import type { AuthentikAccess } from '../config/managed.ts';
import type { ApplicationConfig, Config } from '../config/schema/config.ts';
import { sharePages } from '../config/shared_pages.ts';
import { hostOf } from '../http/url.ts';
import { type AddressFacts, addressNotices } from './address_notices.ts';
import { isEmbedded, logLevelOf, originOf, outpostNotices } from './outpost_notices.ts';
import { createPlacing } from './placing.ts';
import { readProviderKeys } from './provider_keys.ts';
import { readMode } from './provider_mode.ts';
import { providerNotices, servedByFile } from './provider_notices.ts';
import { type Reach, readProviderUrls } from './provider_urls.ts';
import { Refusal } from './refusal.ts';
import { createReservations } from './reserved_hosts.ts';
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
  const reservations = createReservations();
  const served: { provider: RawProvider; application: ApplicationConfig }[] = [];
  const addresses: AddressFacts[] = [];
  const refused: RefusedProvider[] = [];
  const notices: Notice[] = outpostNotices({ settings, state });

  function map(provider: RawProvider): void {
    const mode = readMode(provider.mode);
    const { metadata, issuers, ...facts } = readProviderUrls(provider.oidc_configuration, reach);
    const managed = { pk: provider.pk, metadata, issuers, access };
    const overrides = overridesOf(settings, provider);
    const { config: application, badLines } = readProviderKeys(provider, { base, mode, managed, overrides });
    if (!placing.place(application)) {
      notices.push(servedByFile(provider, application));
      reservations.reserve(provider);
      return;
    }
    served.push({ provider, application });
    addresses.push({ ...facts, authorizationEndpoint: metadata.authorization_endpoint });
    for (const line of badLines) {
      const reason = `has a line ${line} that does not compile and is left out`;
      refused.push({ ...factsOf(provider), field: 'skip_path_regex', reason, isServed: true });
    }
  }

  for (const provider of inOrder(state.providers)) {
    try {
      map(provider);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { field, reason } = error;
      // Everybody may read how to change that; other reasons say more of the site.
      reservations.reserve(provider, field === 'mode' ? reason : undefined);
      refused.push({ ...factsOf(provider), field, reason });
    }
  }
  const applications = served.map(({ application }) => application).sort(byHost);
  sharePages(applications);
  notices.push(...addressNotices(addresses, reach), ...providerNotices(served));
  const config: Config = {
    ...base,
    outpost_name: nameOf(instance.name) ?? base.outpost_name,
    log: settings.logLevelIsGiven ? base.log : { ...base.log, level: logLevelOf(instance.config.logLevel) },
    applications: [...base.applications, ...applications],
    managed: { ...base.managed, authority: settings.host, waiting: false, reserved: reservations.list(placing) },
  };
  return { config, refused, notices };
}

/** The outpost that authentik itself runs knows no `AUTHENTIK_HOST_BROWSER`: its own setting stands in. */
function reachOf({ host, hostBrowser }: OutpostSettings, { instance }: OutpostState): Reach {
  const own = isEmbedded(instance) ? originOf(instance.config.authentikHost) : undefined;
  return { host: new URL(host), hostBrowser: hostBrowser ?? own };
}

/** Of two providers with one host the lower number is served. A list that changes while it is read may name one twice. */
function inOrder(providers: readonly RawProvider[]): RawProvider[] {
  const byNumber = new Map(providers.map((provider) => [provider.pk, provider]));
  return [...byNumber.values()].sort((one, other) => one.pk - other.pk);
}

function overridesOf({ overrides }: OutpostSettings, { assigned_application_slug: slug }: RawProvider) {
  return typeof slug === 'string' && Object.hasOwn(overrides, slug) ? overrides[slug] : undefined;
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
