/** What is odd about an outpost as a whole. Pure. */
import type { Config } from '../config/schema/config.ts';
import type { Notice, OutpostInstance, OutpostSettings, OutpostState } from './types.ts';

interface Facts {
  settings: OutpostSettings;
  state: OutpostState;
}

export function outpostNotices(facts: Facts): Notice[] {
  return [...ofConfig(facts), ...ofProviders(facts), ...ofOverrides(facts)];
}

/** The outpost that authentik's own server runs. */
export const isEmbedded = ({ managed }: OutpostInstance) => managed === 'goauthentik.io/outposts/embedded';

export function originOf(text: string | undefined): string | undefined {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) ? url.origin : undefined;
}

/** What authentik's integrations put into the environment is not used, and said where it is another one. */
function ofConfig({ settings, state: { instance } }: Facts): Notice[] {
  const { authentikHost, authentikHostBrowser, authentikHostInsecure } = instance.config;
  const { host, hostBrowser, insecure } = settings;
  const embedded = isEmbedded(instance);
  const differences = [
    !embedded && isAnother(authentikHost, host, withoutEnd) && `authentik_host: ${authentikHost}`,
    isAnother(authentikHostBrowser, hostBrowser, originOf) && `authentik_host_browser: ${authentikHostBrowser}`,
    authentikHostInsecure !== undefined &&
      authentikHostInsecure !== insecure &&
      `authentik_host_insecure: ${authentikHostInsecure}`,
  ].filter((difference) => difference !== false);
  const notices: Notice[] = [];
  if (embedded)
    notices.push(
      warning('outpost.embedded', 'this is the embedded outpost: authentik serves the same providers itself'),
    );
  if (differences.length > 0)
    notices.push({
      level: 'info',
      event: 'outpost.other_settings',
      key: 'outpost.other_settings',
      message: `the configuration of the outpost at authentik says ${differences.join(', ')}, which is not what AUTHENTIK_HOST, AUTHENTIK_HOST_BROWSER and AUTHENTIK_INSECURE say here: the latter count`,
    });
  return notices;
}

const warning = (event: string, message: string, key = event): Notice => ({ level: 'warn', event, key, message });

/** An empty one is none. */
function isAnother(given: string | undefined, own: string | undefined, read: (text: string) => string | undefined) {
  if (given === undefined || given.trim() === '') return false;
  return own === undefined || read(given) !== read(own);
}

function withoutEnd(text: string): string | undefined {
  const origin = originOf(text);
  return origin && origin + new URL(text).pathname.replace(/\/+$/, '');
}

/** Only those with an application are in the list of the API. */
function ofProviders({ state: { instance, providers } }: Facts): Notice[] {
  const known = new Set(providers.map(({ pk }) => pk));
  return instance.providers
    .filter(({ pk }) => !known.has(pk))
    .map(({ pk, name, slug }) => {
      const why = slug
        ? `authentik does not show it to this outpost (its application is ${slug})`
        : 'it has no application at authentik';
      return warning(
        'outpost.provider_without_application',
        `the provider ${name} (${pk}) is not served: ${why}`,
        `outpost.provider_without_application ${pk}`,
      );
    });
}

function ofOverrides({ settings, state: { providers } }: Facts): Notice[] {
  const slugs = new Set(providers.map(({ assigned_application_slug: slug }) => slug));
  return Object.keys(settings.overrides)
    .filter((slug) => !slugs.has(slug))
    .map((slug) =>
      warning(
        'outpost.override_unknown',
        `outpost.overrides.${slug} has no effect: this outpost has no application of that slug`,
        `outpost.override_unknown ${slug}`,
      ),
    );
}

const LEVELS: ReadonlyMap<string | undefined, Config['log']['level']> = new Map([
  ['trace', 'trace'],
  ['debug', 'debug'],
  ['info', 'info'],
  ['warning', 'warn'],
  ['error', 'error'],
]);

/** authentik's words; `info` for another one. */
export const logLevelOf = (level: string | undefined): Config['log']['level'] => LEVELS.get(level) ?? 'info';
