/** What is odd about an outpost as a whole. Pure. */
import type { Config } from '../config/schema/config.ts';
import { isLoopback } from '../http/host.ts';
import { isObject } from '../json.ts';
import type { Reach } from './provider_urls.ts';
import type { Notice, OutpostSettings, OutpostState } from './types.ts';

interface Facts {
  settings: OutpostSettings;
  state: OutpostState;
  reach: Reach;
}

export function outpostNotices(facts: Facts): Notice[] {
  return [...ofTheOutpost(facts), ...ofTheWay(facts), ...ofProviders(facts)];
}

const info = (event: string, message: string): Notice => ({ level: 'info', event, key: event, message });
const warning = (event: string, message: string, key = event): Notice => ({ level: 'warn', event, key, message });

/** What authentik's integrations put into the environment is not used, and said where it is another one. */
function ofTheOutpost({ settings, state: { instance } }: Facts): Notice[] {
  const { authentikHost, authentikHostBrowser, authentikHostInsecure } = instance.config;
  const notices: Notice[] = [];
  const isEmbedded = instance.managed === 'goauthentik.io/outposts/embedded';
  if (isEmbedded)
    notices.push(
      warning('outpost.embedded', 'this is the embedded outpost: authentik serves the same providers itself'),
    );
  if (isAnother(authentikHost, settings.host) && !isEmbedded)
    notices.push(info('outpost.other_host', differs('authentik_host', authentikHost, 'AUTHENTIK_HOST')));
  if (isAnother(authentikHostBrowser, settings.hostBrowser))
    notices.push(
      info(
        'outpost.other_host_browser',
        differs('authentik_host_browser', authentikHostBrowser, 'AUTHENTIK_HOST_BROWSER'),
      ),
    );
  if (authentikHostInsecure !== undefined && authentikHostInsecure !== settings.insecure)
    notices.push(
      info(
        'outpost.other_insecure',
        differs('authentik_host_insecure', String(authentikHostInsecure), 'AUTHENTIK_INSECURE'),
      ),
    );
  return notices;
}

const differs = (key: string, value: string | undefined, variable: string) =>
  `the outpost's configuration at authentik says ${key}: ${value}; ${variable} says something else, and is what counts`;

/** An empty one is none. */
function isAnother(given: string | undefined, own: string | undefined): boolean {
  if (given === undefined || given.trim() === '') return false;
  return !URL.canParse(given) || own === undefined || bare(given) !== bare(own);
}

const bare = (text: string) => {
  const { origin, pathname } = new URL(text);
  return origin + pathname.replace(/\/*$/, '/');
};

function ofTheWay({ state, reach: { host, hostBrowser } }: Facts): Notice[] {
  const notices: Notice[] = [];
  const said = new Set(
    state.providers.map(({ oidc_configuration: oidc }) => isObject(oidc) && String(oidc.issuer).slice(0, 5)),
  );
  if (host.protocol === 'https:' && said.has('http:'))
    notices.push(
      warning(
        'outpost.http_behind_tls',
        `authentik says http: of its own addresses at ${host.host}: the proxy in front of it does not send X-Forwarded-Proto, or authentik does not trust it; it is asked by https all the same`,
      ),
    );
  if (host.protocol === 'http:' && !isLoopback(host.hostname))
    notices.push(
      warning('outpost.plain_http', `AUTHENTIK_HOST is http: codes, tokens and secrets go to ${host.host} unencrypted`),
    );
  const browsers = new URL(hostBrowser ?? host.origin);
  if (browsers.protocol === 'http:' && !isLoopback(browsers.hostname))
    notices.push(
      warning(
        'outpost.plain_http_browsers',
        `browsers are sent to authentik at ${browsers.origin}, where passwords go unencrypted`,
      ),
    );
  return notices;
}

function ofProviders({ settings, state: { instance, providers } }: Facts): Notice[] {
  const listed = new Set(providers.map(({ pk }) => pk));
  const slugs = new Set(providers.map(({ assigned_application_slug: slug }) => slug));
  const lost = instance.providers.filter(({ pk }) => !listed.has(pk));
  const unknown = Object.keys(settings.overrides).filter((slug) => !slugs.has(slug));
  return [
    ...lost.map(({ pk, name }) =>
      warning(
        'outpost.provider_without_application',
        `the provider ${name} (${pk}) has no application at authentik, and is not served`,
        `without application ${pk}`,
      ),
    ),
    ...unknown.map((slug) =>
      warning(
        'outpost.override_unknown',
        `outpost.overrides.${slug}: authentik has no application of that slug here`,
        `override ${slug}`,
      ),
    ),
  ];
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
