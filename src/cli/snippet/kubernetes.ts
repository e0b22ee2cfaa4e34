/** The manifests for ingress-nginx, and for the Gateway API with Envoy Gateway: one file for each site. */

import { withNames } from './identity_headers.ts';
import { type Site, SnippetError, type SnippetFile, type SnippetSettings } from './settings.ts';
import { applyFront, fill, readSources, sourceOf, withHead } from './sources.ts';

interface Service {
  name: string;
  namespace: string;
  port: number;
}

/** `app.default:8080`, and longer names of the cluster. */
function serviceOf({ host, port }: { host: string; port: number }, namespace: string): Service {
  const [name = '', given = namespace] = host.split('.');
  return { name, namespace: given, port };
}

const INGRESS = 'kubernetes/ingress-nginx/forward_single.yaml';
const CONTROLLER = 'kubernetes/ingress-nginx/controller.yaml';

export function ingressNginxFiles({ sites, scheme, gatepost, headers, head }: SnippetSettings): SnippetFile[] {
  const sources = readSources(INGRESS, CONTROLLER);
  const proxy = serviceOf(gatepost, 'gatepost');
  const clusterName = `${proxy.name}.${proxy.namespace}.svc.cluster.local`;
  return [
    { name: 'controller.yaml', text: sourceOf(sources, CONTROLLER) },
    ...sites.map((site) => {
      const { host, hostname, isWildcard, name } = site;
      const { namespace, ...service } = serviceOf(site.upstream, 'default');
      const shipped = withNames('ingress.yaml', withHead(sourceOf(sources, INGRESS), head(hostname)), headers);
      const text = fill(shipped, {
        'https://app.example.com': `${scheme}://${isWildcard ? host.replace(hostname, '$host') : host}`,
        'app.example.com': isWildcard ? `"${hostname}"` : hostname,
        'gatepost.gatepost.svc.cluster.local:9000': `${clusterName}:${proxy.port}`,
        'gatepost.gatepost.svc.cluster.local': clusterName,
        'ports: [{ port: 9000 }]': `ports: [{ port: ${proxy.port} }]`,
        'service: { name: gatepost, port: { number: 9000 } }': `service: { name: gatepost, port: { number: ${proxy.port} } }`,
        'service: { name: app, port: { number: 8080 } }': `service: { name: ${service.name}, port: { number: ${service.port} } }`,
        'namespace: default': `namespace: ${namespace}`,
        'default/gatepost-auth-headers': `${namespace}/gatepost-auth-headers`,
        '  name: app\n': `  name: ${name}\n`,
        'name: app-gatepost': `name: ${name}-gatepost`,
      });
      return { name: `${name}.yaml`, text };
    }),
  ];
}

const ROUTE = 'kubernetes/envoy-gateway/forward_single.yaml';
const GATEWAY = 'kubernetes/envoy-gateway/gateway.yaml';
const GRANT = 'kubernetes/envoy-gateway/gatepost.yaml';

export function gatewayApiFiles({
  sites,
  front,
  port,
  gatepost,
  headers,
  certificate,
  head,
}: SnippetSettings): SnippetFile[] {
  const sources = readSources(ROUTE, GATEWAY, GRANT);
  applyFront(sources, 'envoy-gateway.md', front);
  const proxy = serviceOf(gatepost, 'gatepost');
  const gateway = fill(withNames('gateway.yaml', sourceOf(sources, GATEWAY), headers), {
    [`port: ${front === 'tls' ? 443 : 80}\n`]: `port: ${port}\n`,
    ...(front === 'tls' && certificate !== undefined && { '{ name: example-com }': `{ name: ${certificate} }` }),
  });
  const grant = fill(sourceOf(sources, GRANT), {
    'name: gatepost, namespace: gatepost': `name: gatepost, namespace: ${proxy.namespace}`,
    'kind: Service, name: gatepost': `kind: Service, name: ${proxy.name}`,
  });
  return [
    { name: 'gateway.yaml', text: gateway },
    { name: 'gatepost.yaml', text: grant },
    ...sites.map((site) => ({ name: `${site.name}.yaml`, text: route(site) })),
  ];

  /** Everything is named after the site: a route, its policies and its endpoints. */
  function route({ hostname, isWildcard, name, upstream }: Site): string {
    const service = serviceOf(upstream, 'default');
    if (service.namespace !== 'default')
      throw new SnippetError(
        'the Service of --upstream must be in the namespace of the routes: default, or change it in all files',
      );
    return fill(withNames('route.yaml', withHead(sourceOf(sources, ROUTE), head(hostname)), headers), {
      'app.example.com': isWildcard ? `"${hostname}"` : hostname,
      'name: gatepost, namespace: gatepost, port: 9000': `name: ${proxy.name}, namespace: ${proxy.namespace}, port: ${proxy.port}`,
      'name: app, port: 8080': `name: ${service.name}, port: ${service.port}`,
      'name: app-gatepost': `name: ${name}-gatepost`,
      'name: app, namespace: default': `name: ${name}, namespace: default`,
      'kind: HTTPRoute, name: app }': `kind: HTTPRoute, name: ${name} }`,
    });
  }
}
