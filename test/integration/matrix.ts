/**
 * What works behind each proxy: the tests measure each cell, and `npm run docs:proxies` writes the table of
 * docs/proxies/README.md from it.
 */
import { VERSIONS } from '../../scripts/tools.ts';

export const COLUMNS = [
  'login',
  'deep link',
  'WebSocket',
  'upload',
  'Basic',
  '401, 403 pages',
  'sign-out',
  'forged headers',
  'back-channel',
] as const;
export type Column = (typeof COLUMNS)[number];

/** Begins with `yes` or `no`; what follows says how, or why not. */
export type Cell = 'yes' | 'no' | `${'yes' | 'no'}${',' | ':'} ${string}`;

export interface Row {
  /** As the table names it, with what was run. */
  title: string;
  /** Its page in docs/proxies. */
  page: string;
  cells: Record<Column, Cell>;
}

/** A row where everything works but what `except` says. */
const row = (title: string, page: string, except: Partial<Record<Column, Cell>> = {}): Row => ({
  title,
  page,
  cells: { ...(Object.fromEntries(COLUMNS.map((column) => [column, 'yes'])) as Record<Column, Cell>), ...except },
});

/** By the name of the tested proxy. */
export const MATRIX: Record<string, Row> = {
  nginx: row(`nginx ${VERSIONS.nginx}`, 'nginx.md'),
  traefik: row(`Traefik ${VERSIONS.traefik}`, 'traefik.md'),
  'traefik-crd': row(`Traefik ${VERSIONS.traefik}, IngressRoute`, 'traefik-kubernetes.md'),
  'traefik-ingress': row(`Traefik ${VERSIONS.traefik}, Ingress`, 'traefik-kubernetes.md'),
  'traefik-labels': row(`Traefik ${VERSIONS.traefik} with labels`, 'traefik-labels.md'),
  caddy: row(`Caddy ${VERSIONS.caddy}`, 'caddy.md'),
  'caddy-labels': row(`caddy-docker-proxy ${VERSIONS['caddy-docker-proxy']}`, 'caddy-docker-proxy.md'),
  envoy: row(`Envoy ${VERSIONS.envoy}`, 'envoy.md'),
  'envoy-gateway': row(`Envoy Gateway ${VERSIONS.egctl}`, 'envoy-gateway.md'),
  istio: row(`Istio ${VERSIONS['istio-xds']}`, 'istio.md'),
  haproxy: row(`HAProxy ${VERSIONS.haproxy}`, 'haproxy.md'),
  'nginx-proxy-manager': row('nginx Proxy Manager (its directives)', 'nginx-proxy-manager.md'),
  swag: row('SWAG (its directives)', 'swag.md'),
  'ingress-nginx': row('ingress-nginx (its directives)', 'ingress-nginx.md', {
    '401, 403 pages': 'no: every request without a session is redirected, and a 403 has a page of nginx',
  }),
  'ingress-nginx-snippets': row('ingress-nginx with snippets (its directives)', 'ingress-nginx.md'),
  apache: row(`Apache httpd ${VERSIONS.apache2}`, 'apache.md'),
};
