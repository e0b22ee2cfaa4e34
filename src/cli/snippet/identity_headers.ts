/**
 * The lines for names of `identity_headers`, in the places where the shipped files have authentik's: the client's header is
 * removed, and the response's passed on.
 */
import { fill } from './sources.ts';

interface Place {
  /** What stands in the shipped file. */
  at: string;
  /** What stands there with these names. */
  with(names: readonly string[]): string;
}

/** More lines behind one. */
const behind = (at: string, line: (name: string) => string): Place => ({
  at,
  with: (names) => at + names.map((name) => `${line(name)}\n`).join(''),
});

const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());
const variable = (name: string) => name.toLowerCase().replaceAll('-', '_');
const cgi = (name: string) => `HTTP_${variable(name).toUpperCase()}`;

/** By the name of the written file. Attack: an application reads the client's own header of each name that is left out. */
const PLACES: Readonly<Record<string, readonly Place[]>> = {
  'authorize.conf': [
    behind(
      'auth_request_set $gatepost_cookie $upstream_http_cookie;\n',
      (name) => `auth_request_set $gatepost_${variable(name)} $upstream_http_${variable(name)};`,
    ),
  ],
  'protect.conf': [
    behind(
      'proxy_set_header X-authentik-no-redirect "";\n',
      (name) => `proxy_set_header ${name} $gatepost_${variable(name)};`,
    ),
  ],
  'protect_grpc.conf': [
    behind(
      'grpc_set_header X-authentik-no-redirect "";\n',
      (name) => `grpc_set_header ${name} $gatepost_${variable(name)};`,
    ),
  ],
  'protect_fastcgi.conf': [
    behind(
      'fastcgi_param HTTP_X_AUTHENTIK_NO_REDIRECT "";\n',
      (name) => `fastcgi_param ${cgi(name)} $gatepost_${variable(name)};`,
    ),
  ],
  'protect_uwsgi.conf': [
    behind(
      'uwsgi_param HTTP_X_AUTHENTIK_NO_REDIRECT "";\n',
      (name) => `uwsgi_param ${cgi(name)} $gatepost_${variable(name)};`,
    ),
  ],
  'server.conf': [
    behind('    proxy_hide_header X-authentik-meta-version;\n', (name) => `    proxy_hide_header ${name};`),
  ],
  'gatepost.yml': [
    behind(
      '        authResponseHeaders:\n          - Authorization\n          - Cookie\n',
      (name) => `          - ${name}`,
    ),
  ],
  'compose.yaml': [
    {
      at: 'authresponseheaders: Authorization,Cookie\n',
      with: (names) => `authresponseheaders: ${['Authorization', 'Cookie', ...names].join(',')}\n`,
    },
  ],
  'gatepost.caddy': [
    behind(
      '\t\t\t\trequest_header -X-Authentik*\n',
      (name) => `\t\t\t\trequest_header -${name}\n\t\t\t\trequest_header ${name} {http.reverse_proxy.header.${name}}`,
    ),
  ],
  'envoy.yaml': [
    behind(
      '                          - remove_on_match: { key_matcher: { prefix: x-authentik } }\n',
      (name) => `                          - remove: ${name.toLowerCase()}`,
    ),
    {
      at: 'patterns: [{ prefix: x-authentik- }, { exact: cookie }]',
      with: (names) =>
        `patterns: [{ prefix: x-authentik- }, ${lower(names)
          .map((name) => `{ exact: ${name} }, `)
          .join('')}{ exact: cookie }]`,
    },
  ],
  'gatepost.lua': [
    {
      at: 'local ADDITIONAL_HEADERS = {}',
      with: (names) =>
        `local ADDITIONAL_HEADERS = { ${lower(names)
          .map((name) => `'${name}'`)
          .join(', ')} }`,
    },
  ],
  'ingress.yaml': [
    {
      at: 'X-authentik-meta-version,Authorization,Cookie',
      with: (names) => ['X-authentik-meta-version', ...names, 'Authorization', 'Cookie'].join(','),
    },
  ],
  'route.yaml': [behind('        - x-authentik-meta-version\n', (name) => `        - ${name.toLowerCase()}`)],
  'gateway.yaml': [behind('    earlyRequestHeaders:\n      remove:\n', (name) => `        - ${name.toLowerCase()}`)],
};

/** @param names of headers: letters, digits and dashes */
export function withNames(file: string, text: string, names: readonly string[]): string {
  if (names.length === 0) return text;
  return (PLACES[file] ?? []).reduce((changed, place) => fill(changed, { [place.at]: place.with(names) }), text);
}
