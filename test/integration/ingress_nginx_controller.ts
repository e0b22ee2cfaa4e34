/**
 * The lines that the ingress-nginx controller (1.15) writes for an Ingress, annotation by annotation. An annotation that is not
 * known here is an error.
 */
import { z } from 'zod';

const PREFIX = 'nginx.ingress.kubernetes.io/';

const path = z.object({
  path: z.string(),
  pathType: z.enum(['ImplementationSpecific', 'Prefix']),
  backend: z.object({ service: z.object({ name: z.string() }) }),
});
export const ingress = z.object({
  kind: z.literal('Ingress'),
  metadata: z.object({ namespace: z.string(), annotations: z.record(z.string(), z.string()) }),
  spec: z.object({ rules: z.array(z.object({ host: z.string(), http: z.object({ paths: z.array(path) }) })) }),
});
const configMap = z.object({
  kind: z.literal('ConfigMap'),
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  data: z.record(z.string(), z.string()),
});

type ConfigMaps = Map<string, Record<string, string>>;

/** The ConfigMaps among the objects, by namespace and name. */
export const configMapsOf = (objects: unknown[]): ConfigMaps =>
  new Map(
    objects
      .flatMap((object) => configMap.safeParse(object).data ?? [])
      .map(({ metadata, data }) => [`${metadata.namespace}/${metadata.name}`, data]),
  );

/** The names of the headers that a ConfigMap lists. */
export function headersOf(name: string, maps: ConfigMaps): string[] {
  const data = maps.get(name);
  if (!data) throw new Error(`unknown ConfigMap ${name}`);
  return Object.keys(data);
}

/**
 * With `allow-cross-namespace-resources: false`, its default, the controller denies a location (503) whose ConfigMap is in
 * another namespace than its Ingress; a name without a namespace it does not find.
 */
export function authHeadersOf(name: string, namespace: string, maps: ConfigMaps): string[] {
  if (!name.startsWith(`${namespace}/`)) throw new Error(`${name} is not in the namespace ${namespace} of the Ingress`);
  return headersOf(name, maps);
}

/** What the controller writes for a location: its own lines, those of the Ingress, and locations beside it. */
interface Lines {
  location: string[];
  beside: string[];
  authHeaders: string[];
  values: { bufferSize: string; bodySize: string; readTimeout: string; sendTimeout: string };
}

const AUTH_PATH = '/_external-auth-Lw-Prefix';

/** By annotation, in the order of the controller's template. */
const ANNOTATIONS: Record<string, (value: string, lines: Lines, all: Record<string, string>) => void> = {
  'auth-url'(url, { location, beside, values, authHeaders }, all) {
    const always = all[`${PREFIX}auth-always-set-cookie`] === 'true' ? ' always' : '';
    location.push(`auth_request ${AUTH_PATH};`, 'auth_request_set $auth_cookie $upstream_http_set_cookie;');
    location.push(`add_header Set-Cookie $auth_cookie${always};`);
    beside.push(`location = ${AUTH_PATH} {
    internal;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
    proxy_set_header X-Forwarded-Proto "";
    proxy_set_header X-Request-ID $request_id;
    proxy_set_header Host ${new URL(url).hostname};
    proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
    proxy_set_header X-Original-Method $request_method;
    proxy_set_header X-Sent-From "nginx-ingress-controller";
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Auth-Request-Redirect $request_uri;
    proxy_buffer_size ${values.bufferSize};
    proxy_buffers 4 ${values.bufferSize};
    client_max_body_size ${values.bodySize};
    proxy_http_version 1.1;
    ${authHeaders.map((name) => `proxy_set_header "${name}" "";`).join('\n    ')}
    set $target ${url};
    proxy_pass $target;
  }`);
  },
  'auth-signin'(url, { location, beside }) {
    // The controller escapes the address with a module that this nginx does not have; Gatepost takes both.
    location.push('error_page 401 = @signin;');
    beside.push(`location @signin {
    internal;
    add_header Set-Cookie $auth_cookie;
    return 302 ${url}?rd=$pass_access_scheme://$http_host$request_uri;
  }`);
  },
  'auth-response-headers'(names, { location }) {
    names.split(',').forEach((name, at) => {
      const variable = name.toLowerCase().replaceAll('-', '_');
      location.push(`auth_request_set $authHeader${at} $upstream_http_${variable};`);
      location.push(`proxy_set_header '${name}' $authHeader${at};`);
    });
  },
  'auth-always-set-cookie': () => undefined,
  'auth-proxy-set-headers': () => undefined,
  'use-regex': () => undefined,
  'rewrite-target': () => undefined,
  'proxy-buffer-size': () => undefined,
  'proxy-body-size': () => undefined,
  'proxy-read-timeout': () => undefined,
  'proxy-send-timeout': () => undefined,
  'configuration-snippet': (text, { location }) => void location.push(text),
  'server-snippet': (text, { beside }) => void beside.push(text),
  'denylist-source-range'(ranges, { location }) {
    for (const range of ranges.split(',')) location.push(`deny ${range};`);
  },
};

/** Lines of the controller in every location of an application. */
const OWN = `
    set $pass_access_scheme $scheme;
    proxy_set_header Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_set_header X-Request-ID $request_id;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-Port $server_port;
    proxy_set_header X-Forwarded-Proto $pass_access_scheme;
    proxy_set_header X-Forwarded-Scheme $pass_access_scheme;
    proxy_set_header X-Scheme $pass_access_scheme;
    proxy_set_header X-Original-Forwarded-For $http_x_forwarded_for;
    proxy_set_header X-Original-Forwarded-Host $http_x_forwarded_host;
    proxy_set_header Proxy "";`;

/**
 * The locations of an Ingress. Where one of a host has `use-regex`, the controller makes patterns of all paths of the host, the
 * longest first.
 */
export function locationsOf(
  one: z.infer<typeof ingress>,
  removed: string[],
  addresses: Record<string, string>,
  maps: ConfigMaps,
): Location[] {
  const { annotations, namespace } = one.metadata;
  const authMap = annotations[`${PREFIX}auth-proxy-set-headers`];
  const authHeaders = authMap === undefined ? [] : authHeadersOf(authMap, namespace, maps);
  const value = (name: string, otherwise: string) => annotations[`${PREFIX}${name}`] ?? otherwise;
  return one.spec.rules.flatMap(({ http }) =>
    http.paths.map(({ path: name, backend }) => {
      const values = {
        bufferSize: value('proxy-buffer-size', '4k'),
        bodySize: value('proxy-body-size', '1m'),
        readTimeout: value('proxy-read-timeout', '60'),
        sendTimeout: value('proxy-send-timeout', '60'),
      };
      const lines: Lines = { location: [], beside: [], authHeaders, values };
      for (const [key, text] of Object.entries(annotations)) {
        const write = ANNOTATIONS[key.slice(PREFIX.length)];
        if (!key.startsWith(PREFIX) || !write) throw new Error(`unknown annotation ${key}`);
        write(text, lines, annotations);
      }
      const target = addresses[backend.service.name];
      if (!target) throw new Error(`unknown Service ${backend.service.name}`);
      const rewrite = annotations[`${PREFIX}rewrite-target`];
      const text = `location ~* "^${name}" {${OWN}
    ${[...lines.location, ...removed.map((header) => `proxy_set_header ${header} "";`)].join('\n    ')}
    client_max_body_size ${values.bodySize};
    proxy_read_timeout ${values.readTimeout}s;
    proxy_send_timeout ${values.sendTimeout}s;
    proxy_buffer_size ${values.bufferSize};
    proxy_buffers 4 ${values.bufferSize};
    proxy_http_version 1.1;
    ${rewrite ? `rewrite "(?i)${name}" ${rewrite} break;` : ''}
    proxy_pass http://${target};
  }`;
      return { path: name, text, beside: lines.beside };
    }),
  );
}

interface Location {
  path: string;
  text: string;
  beside: string[];
}
