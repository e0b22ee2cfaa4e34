/** `gatepost check`: validates the configuration and sums it up. */

import { configWarnings } from '../config/checks/warnings.ts';
import { loadConfig } from '../config/load.ts';
import type { ApplicationConfig, Config } from '../config/schema/config.ts';
import { sessionCookieName } from '../sessions/session_cookie.ts';
import type { Io } from './io.ts';

/** Resolves with 1 where `providers` asks them too and one cannot be used, else with 0. */
export async function checkCommand(
  file: string,
  { providers }: { providers?: boolean },
  { env, out }: Pick<Io, 'env' | 'out'>,
): Promise<number> {
  const config = await loadConfig(file, { env });
  out(`${file} is valid: ${count(config.applications.length, 'application')}`);
  out(table(process_(config)));
  for (const application of config.applications) {
    out(`\n${application.name}`);
    out(table(summary(application)));
  }
  for (const warning of configWarnings(config)) out(`\nwarning: ${warning}`);
  if (!providers) return 0;
  out('');
  return (await (await import('./ask_providers.ts')).checkProviders(config.applications, { out })) ? 0 : 1;
}

type Row = [label: string, value: string];

function table(rows: readonly Row[]): string {
  return rows.map(([label, value]) => `  ${label.padEnd(20)}${value}`).join('\n');
}

function process_({ listen, store, workers, trusted_proxies }: Config): Row[] {
  return [
    ['listens on', listen.http],
    ['metrics on', listen.metrics === false ? 'off' : listen.metrics],
    ['trusts', trusted_proxies.join(', ') || 'nobody: trusted_proxies is empty'],
    // The store's address may hold a password.
    ['keeps sessions in', store.replace(/\/\/[^/]*@/, '//…@')],
    ['runs in', workers === 'auto' ? 'one process per core' : count(workers, 'process', 'es')],
  ];
}

function summary(application: ApplicationConfig): Row[] {
  const { slug, external_host, mode, cookie_domain, issuer, client_id, client_secret } = application;
  const host =
    mode === 'forward_domain' ? `every host under ${cookie_domain}, login at ${external_host}` : external_host;
  return [
    ['slug', slug],
    ['protects', host],
    ['provider', issuer],
    ['client', `${client_id}${client_secret === undefined ? ' (public: without a secret)' : ''}`],
    ['scopes', application.scopes.join(' ')],
    ['redirect URI', `${external_host}/outpost.goauthentik.io/callback?X-authentik-auth-callback=true`],
    // Traefik's file and cookie banners want to know it.
    ['session cookie', sessionCookieName(client_id)],
    ['back-channel logout', `${external_host}/outpost.goauthentik.io/backchannel_logout`],
    ['rules', rules(application)],
  ];
}

function rules({ skip_path_regex, access }: ApplicationConfig): string {
  if (skip_path_regex.length === 0 && access.length === 0) return 'a login for everything, any user may';
  return `${count(skip_path_regex.length, 'skipped path')}, ${count(access.length, 'access rule')}; everything else needs a login`;
}

function count(number: number, word: string, plural = 's'): string {
  return `${number} ${word}${number === 1 ? '' : plural}`;
}
