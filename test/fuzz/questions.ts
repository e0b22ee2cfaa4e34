/** Auth requests of every proxy, put together from hostile parts, and as bytes. */
import fc from 'fast-check';
import { extras, hosts, methods, OWN_HOSTS, schemes, uris } from './parts.ts';
import type { Credential } from './people.ts';

export type DialectName = 'nginx' | 'traefik' | 'caddy' | 'envoy';
export type Pairs = [string, string][];

export interface Question {
  dialect: DialectName;
  /** Of the request to Gatepost itself. */
  method: string;
  path: string;
  headers: Pairs;
}

/** What becomes of a credential on its way. */
const spoils: fc.Arbitrary<(header: [string, string]) => Pairs> = fc.oneof(
  { weight: 6, arbitrary: fc.constant((header: [string, string]): Pairs => [header]) },
  { weight: 1, arbitrary: fc.constant(([name, value]: [string, string]): Pairs => [[name, `${value}x`]]) },
  { weight: 1, arbitrary: fc.constant(([name, value]: [string, string]): Pairs => [[name, value.slice(0, -2)]]) },
  { weight: 1, arbitrary: fc.constant(([name, value]: [string, string]): Pairs => [[name, value.toUpperCase()]]) },
  {
    weight: 1,
    arbitrary: fc.constant(
      ([name, value]: [string, string]): Pairs => [
        [name, name === 'Cookie' ? `${value.replace(/=.*/, '=old')}; ${value}` : value],
      ],
    ),
  },
);

/** A credential under the name that another site reads its sessions by, too. */
function credentials(known: Credential[]): fc.Arbitrary<Pairs> {
  const renamed = known.flatMap(({ header: [name, value] }) =>
    known
      .filter(({ header }) => name === 'Cookie' && header[0] === 'Cookie')
      .map(({ header }): [string, string] => [
        'Cookie',
        header[1].slice(0, header[1].indexOf('=')) + value.slice(value.indexOf('=')),
      ]),
  );
  const one = fc
    .tuple(fc.constantFrom(...known.map(({ header }) => header), ...renamed.slice(0, known.length)), spoils)
    .map(([header, spoil]) => spoil(header));
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant<Pairs>([]) },
    { weight: 6, arbitrary: one },
    { weight: 1, arbitrary: fc.tuple(one, one).map(([first, second]) => [...first, ...second]) },
  );
}

interface Parts {
  dialect: DialectName;
  scheme: string;
  host: string;
  uri: string;
  clientMethod: string;
  ownHost: string;
  ownMethod: string;
  prefix: string;
  query: string;
}

/** The headers that the proxy itself sets. */
function ownHeaders({ dialect, scheme, host, uri, clientMethod, ownHost }: Parts): Pairs {
  if (dialect === 'nginx')
    return [
      ['Host', ownHost],
      ['X-Original-URL', `${scheme}://${host}${uri}`],
      ['X-Original-Method', clientMethod],
    ];
  if (dialect === 'envoy')
    return [
      ['Host', host],
      ['X-Forwarded-Proto', scheme],
    ];
  return [
    ['Host', ownHost],
    ['X-Forwarded-Proto', scheme],
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Uri', uri],
    ['X-Forwarded-Method', clientMethod],
  ];
}

export function questions(known: Credential[]): fc.Arbitrary<Question> {
  const parts: fc.Arbitrary<Parts> = fc.record({
    dialect: fc.constantFrom<DialectName>('nginx', 'traefik', 'caddy', 'envoy'),
    scheme: schemes,
    host: hosts,
    uri: uris,
    clientMethod: methods,
    ownHost: fc.oneof(
      { weight: 4, arbitrary: fc.constant('gatepost:9000') },
      { weight: 1, arbitrary: fc.constantFrom(...OWN_HOSTS) },
    ),
    ownMethod: fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'PROPFIND'),
    prefix: fc.constantFrom('/outpost.goauthentik.io', ''),
    query: fc.constantFrom('', '', '', '?x-authentik-no-redirect=1', '?traefik', '?rd=/public/'),
  });
  /** Which of the proxy's own headers is missing: mostly none. */
  const missing = fc.oneof({ weight: 9, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat({ max: 4 }) });
  const more = fc.oneof(
    { weight: 3, arbitrary: fc.constant<Pairs>([]) },
    { weight: 2, arbitrary: fc.array(extras, { maxLength: 3 }) },
  );
  return fc
    .tuple(parts, credentials(known), more, missing, fc.boolean())
    .map(([part, credential, extra, without, first]): Question => {
      const own = ownHeaders(part).filter((_header, at) => at !== without);
      const headers = first ? [...extra, ...own, ...credential] : [...own, ...credential, ...extra];
      const isEnvoy = part.dialect === 'envoy';
      // Without the slash it would be another endpoint.
      const uri = targetText(part.uri).replace(/^\/?/, '/');
      const clientMethod = part.clientMethod.replace(/\W.*/, '');
      const path = `${part.prefix}/auth/${part.dialect}${isEnvoy ? uri : part.query}`;
      return { dialect: part.dialect, method: isEnvoy ? clientMethod : part.ownMethod, path, headers };
    });
}

/** Without what Node takes in no request target. */
const targetText = (text: string) => text.replace(/[\0-\x20\x7f]|\p{Surrogate}/gu, '');

/** As bytes in latin1. Texts are UTF-8; what would end a line or the request line is left out. */
export function render({ method, path, headers }: Question): string {
  const bytes = (text: string) => Buffer.from(text.replace(/[\r\n]/g, ''), 'utf8').toString('latin1');
  const target = targetText(path).replace(/[^\0-\x7f]+/g, encodeURIComponent);
  const lines = headers.map(([name, value]) => `${name}: ${bytes(value)}`);
  return `${[`${method} ${target} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`;
}
