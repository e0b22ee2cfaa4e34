/** The proxies that there are files for, and what an operator does with them. */
import type { Config } from '../../config/schema/config.ts';
import { gatepostAddress } from './addresses.ts';
import { caddyFiles } from './caddy.ts';
import { composeFiles } from './compose.ts';
import { envoyFiles } from './envoy.ts';
import { haproxyFiles } from './haproxy.ts';
import { gatewayApiFiles, ingressNginxFiles } from './kubernetes.ts';
import { nginxFiles } from './nginx.ts';
import type { Inside, SnippetFile, SnippetSettings } from './settings.ts';
import { traefikFiles } from './traefik.ts';

export interface ProxyFiles {
  files(settings: SnippetSettings): SnippetFile[];
  /** Where the files go, and how the proxy is told. */
  use: string;
  page: string;
  /** The proxy sends the client's method in a header of its own. */
  methodHeader?: true;
  /** What to know about the certificate of a proxy that ends TLS, where no option names one. */
  certificate?: string;
  /** Which options mean something. */
  takes: readonly ('behind' | 'certificate' | 'key')[];
  /** Gatepost and the applications have names in the proxy's own network. */
  inside?: Inside;
}

const FILES = 'https: --certificate and --key name the files of the certificate; without them the paths are examples';

const KUBERNETES = {
  gatepost: ({ listen }: Config) => ({ host: 'gatepost.gatepost', port: gatepostAddress(listen.http).port }),
  upstream: (name: string) => ({ host: `${name}.default`, port: 8080 }),
};

export const PROXIES: Readonly<Record<string, ProxyFiles>> = {
  nginx: {
    files: nginxFiles,
    use: 'gatepost/ belongs into /etc/nginx/, the other files into /etc/nginx/conf.d/. Then: nginx -t && nginx -s reload',
    page: 'nginx.md',
    certificate: FILES,
    methodHeader: true,
    takes: ['behind', 'certificate', 'key'],
  },
  traefik: {
    files: traefikFiles,
    use: 'Both files belong into /etc/traefik/; traefik.yml is read at the start: restart Traefik once.',
    page: 'traefik.md',
    certificate: FILES,
    takes: ['behind', 'certificate', 'key'],
  },
  caddy: {
    files: caddyFiles,
    use: 'Both files belong into /etc/caddy/. Then: caddy validate --config /etc/caddy/Caddyfile && systemctl reload caddy',
    page: 'caddy.md',
    certificate: 'https: Caddy gets a certificate by itself; --certificate and --key name one of your own',
    takes: ['behind', 'certificate', 'key'],
  },
  envoy: {
    files: envoyFiles,
    use: 'Then: envoy --mode validate -c envoy.yaml && envoy -c envoy.yaml',
    page: 'envoy.md',
    certificate: FILES,
    takes: ['behind', 'certificate', 'key'],
  },
  haproxy: {
    files: haproxyFiles,
    use: 'Both files belong into /etc/haproxy/. Then: haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy',
    page: 'haproxy.md',
    certificate: 'https: --certificate names the file with certificate and key; without it the path is an example',
    methodHeader: true,
    takes: ['behind', 'certificate'],
  },
  'ingress-nginx': {
    files: ingressNginxFiles,
    use: "controller.yaml is for the controller: its namespace and ConfigMap are to be the controller's own. Then: kubectl apply -f .",
    page: 'ingress-nginx.md',
    methodHeader: true,
    takes: [],
    inside: KUBERNETES,
  },
  'gateway-api': {
    files: gatewayApiFiles,
    use: 'For Envoy Gateway; in gateway.yaml, "web", "default" and "eg" are to be your Gateway, its namespace and class. Then: kubectl apply -f .',
    page: 'envoy-gateway.md',
    certificate: 'https: --certificate names the Secret with the certificate; without it the name is an example',
    takes: ['behind', 'certificate'],
    inside: KUBERNETES,
  },
  compose: {
    files: composeFiles,
    use: 'compose.yaml belongs beside gatepost.yaml. Then: docker compose up',
    page: 'traefik-labels.md',
    certificate: 'https: Traefik gets a certificate by itself; keep /acme in a volume',
    takes: [],
    inside: {
      gatepost: ({ listen }) => ({ host: 'gatepost', port: gatepostAddress(listen.http).port }),
      upstream: (name) => ({ host: name, port: 8080 }),
    },
  },
};
