/**
 * The lines for an operator's own names of `identity_headers`, in the places where the shipped files have theirs: the client's
 * header is removed, and the response's passed on.
 */
import { fill } from './sources.ts';

interface Place {
  /** What stands in the shipped file. */
  at: string;
  /** What stands there with these names. */
  with(names: readonly string[]): string;
}

/**
 * More lines behind one. `own`: a name in the proxy's file. It is none of the shipped files', as one made of the header's might
 * be (`Login`), and short: nginx does not start with a variable of 47 characters.
 */
const behind = (at: string, line: (name: string, own: string) => string): Place => ({
  at,
  with: (names) => at + names.map((name, index) => `${line(name, `gatepost_own_${index + 1}`)}\n`).join(''),
});

const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());
const folded = (name: string) => name.toLowerCase().replaceAll('-', '_');
/** Caddy's placeholders know a name as Go writes it, `X-Webauth-User`, whatever the response has. */
const canonical = (name: string) => name.toLowerCase().replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
const cgi = (name: string) => `HTTP_${folded(name).toUpperCase()}`;

/** By the name of the written file. Attack: an application reads the client's own header of each name that is left out. */
const PLACES: Readonly<Record<string, readonly Place[]>> = {
  'authorize.conf': [
    behind(
      'auth_request_set $gatepost_cookie $upstream_http_cookie;\n',
      (name, own) => `auth_request_set $${own} $upstream_http_${folded(name)};`,
    ),
  ],
  'protect.conf': [
    behind('proxy_set_header X-authentik-no-redirect "";\n', (name, own) => `proxy_set_header ${name} $${own};`),
  ],
  'protect_grpc.conf': [
    behind('grpc_set_header X-authentik-no-redirect "";\n', (name, own) => `grpc_set_header ${name} $${own};`),
  ],
  'protect_fastcgi.conf': [
    behind('fastcgi_param HTTP_X_AUTHENTIK_NO_REDIRECT "";\n', (name, own) => `fastcgi_param ${cgi(name)} $${own};`),
  ],
  'protect_uwsgi.conf': [
    behind('uwsgi_param HTTP_X_AUTHENTIK_NO_REDIRECT "";\n', (name, own) => `uwsgi_param ${cgi(name)} $${own};`),
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
      '\t@gatepost_x_webauth_role expression `{http.reverse_proxy.header.X-Webauth-Role} != null`\n',
      (name, own) => `\t@${own} expression \`{http.reverse_proxy.header.${canonical(name)}} != null\``,
    ),
    behind(
      '\t\t\t\trequest_header @gatepost_x_webauth_role X-Webauth-Role {http.reverse_proxy.header.X-Webauth-Role}\n',
      (name, own) =>
        `\t\t\t\trequest_header -${name}\n\t\t\t\trequest_header @${own} ${name} {http.reverse_proxy.header.${canonical(name)}}`,
    ),
  ],
  'envoy.yaml': [
    behind(
      '                          - remove_on_match: { key_matcher: { prefix: x-authentik } }\n',
      (name) => `                          - remove: ${name.toLowerCase()}`,
    ),
    behind(
      '                              - prefix: x-webauth-\n',
      (name) => `                              - exact: ${name.toLowerCase()}`,
    ),
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
      at: ',Authorization,Cookie\n',
      with: (names) => `,${[...names, 'Authorization', 'Cookie'].join(',')}\n`,
    },
  ],
  'route.yaml': [behind('        - x-webauth-role\n', (name) => `        - ${name.toLowerCase()}`)],
  'gateway.yaml': [behind('    earlyRequestHeaders:\n      remove:\n', (name) => `        - ${name.toLowerCase()}`)],
};

/** @param names of headers: letters, digits and dashes */
export function withNames(file: string, text: string, names: readonly string[]): string {
  if (names.length === 0) return text;
  return (PLACES[file] ?? []).reduce((changed, place) => fill(changed, { [place.at]: place.with(names) }), text);
}
