/** What is left to the operator when a proxy's files are written. */
import { splitListenAddresses } from '../../config/schema/addresses.ts';
import type { Config } from '../../config/schema/config.ts';
import type { ProxyFiles } from './proxies.ts';
import type { SnippetOptions, SnippetSettings } from './settings.ts';

/** One sentence each. */
export function stepsLeft(
  proxy: ProxyFiles,
  settings: SnippetSettings,
  options: SnippetOptions,
  config: Config,
): string[] {
  const isTls = settings.front === 'tls' && options.certificate === undefined;
  return [
    ...upstreams(settings, options),
    ...domains(settings),
    ...(isTls && proxy.certificate !== undefined ? [proxy.certificate] : []),
    ...inConfiguration(proxy, settings, config),
    proxy.use,
    `Why the lines are there, and more: docs/proxies/${proxy.page}`,
  ];
}

function upstreams({ sites }: SnippetSettings, { upstream }: SnippetOptions): string[] {
  const isNamed = (hostname: string) => upstream.some((one) => !one.includes('=') || one.startsWith(`${hostname}=`));
  return sites
    .filter(({ hostname }) => !isNamed(hostname))
    .map(
      ({ hostname, upstream: { host, port } }) =>
        `${hostname}: ${host}:${port} stands for the application; --upstream ${hostname}=HOST:PORT names its address`,
    );
}

function domains({ sites }: SnippetSettings): string[] {
  const all = sites.flatMap(({ application: { mode, cookie_domain } }) =>
    mode === 'forward_domain' && cookie_domain !== undefined ? [cookie_domain] : [],
  );
  return [...new Set(all)].map((domain) => `further hosts under ${domain}: --upstream HOST=HOST:PORT for each`);
}

/** What the files take for granted. */
function inConfiguration(proxy: ProxyFiles, { gatepostPort }: SnippetSettings, config: Config): string[] {
  const { listen, nginx_method_header: header } = config;
  const isLocal = splitListenAddresses(listen.http).every(({ host }) => /^(?:127\.|localhost$|::1$)/.test(host ?? ''));
  return [
    ...(proxy.methodHeader && header === undefined
      ? ['gatepost.yaml needs nginx_method_header: X-Original-Method, which these files set']
      : []),
    ...(proxy.inside && isLocal
      ? [
          `gatepost.yaml: nothing but this machine reaches listen.http, ${listen.http}; with 0.0.0.0:${gatepostPort} the proxy does`,
        ]
      : []),
  ];
}
