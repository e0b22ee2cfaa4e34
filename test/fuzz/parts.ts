/** What a client, a neighbour or a wrong configuration may put into the parts of an auth request. */
import fc from 'fast-check';
import { textOf } from '../support/property.ts';
import { sites } from './sites.ts';

export const OWN_HOSTS = sites.map(({ origin }) => origin.replace(/^\w+:\/\//, ''));
const OTHER_HOSTS = ['one.example.org', 'two.example.net', 'example.org', 'evil.test', 'xexample.org', 'gatepost:9000'];
const HOST_PIECES =
  'app.example.com secret.example.com inner.example.org one.example.org two.example.net port.example.com APP.EXAMPLE.COM . .. :80 :443 :8443 :8080 :0443 : @ x@ ? # / \\ , ; %2e %00 [::1] ａpp 。 xn-- -'.split(
    ' ',
  );
export const hosts = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...OWN_HOSTS, 'app.example.com', 'app.example.com') },
  { weight: 2, arbitrary: fc.constantFrom(...OTHER_HOSTS) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...OWN_HOSTS), fc.constantFrom(...HOST_PIECES, ', app.example.com'))
      .map(([host, more]) => host + more),
  },
  { weight: 1, arbitrary: textOf(HOST_PIECES, 4) },
);

const PATHS =
  '/ /page /healthz /public/a /public/ /optional/a /denied/a /read/a /lan/a /admin /admin/users /open/a /outpost.goauthentik.io/start /outpost.goauthentik.io/auth/nginx /outpost.goauthentik.io/%61uth/traefik /outpost.goauthentik.io/x/../auth/nginx //outpost.goauthentik.io/auth/caddy /outpost.goauthentik.io/auth/envoy/../start'.split(
    ' ',
  );
const PATH_PIECES =
  '/ / / public open optional admin denied healthz read a . .. /../ ../ ..; ;x ; // \\ ..\\ # ? ?x=/public/ \u0085 \u2028 %2e %2E %2e%2e %2f %2F %5c %3b %23 %00 %25 %252e %252f %c0%af %c0%ae %ff %61dmin %6dit ．． ／ ＼ ； ‥ é %20 + :'.split(
    ' ',
  );
export const uris = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...PATHS) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.constantFrom('/public/', '/open/', '/optional/', '/admin', '/'), textOf(PATH_PIECES, 6))
      .map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: textOf(PATH_PIECES, 10) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...PATHS),
        fc.constantFrom('?x=1', '?/public/', '#/public/', '?https://two.example.net/open/'),
      )
      .map((parts) => parts.join('')),
  },
);

export const methods = fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE', 'get', 'GET,POST');
export const schemes = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('http', 'https') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('ws', 'wss', 'HTTPS', 'ftp', 'https, https', 'https,http', 'javascript', 'http://x'),
  },
);

/** Headers that do not belong to a question, or that say it once more in another way. */
const EXTRA_NAMES =
  'X-Forwarded-Uri X-Forwarded-Host X-Forwarded-Proto X-Forwarded-Method X-Original-URL X-Original-URI X-Original-Method X_Forwarded_Uri X.Forwarded.Host X-Forwarded-Prefix X-Forwarded-Port X-Rewrite-Url Forwarded Host X-Request-Id X-authentik-username X_authentik_username X-authentik-groups Connection Upgrade'.split(
    ' ',
  );
const EXTRA_VALUES =
  '/public/a /admin app.example.com secret.example.com https http GET https://app.example.com/public/a https://port.example.com:8443/ alice admins websocket close x-forwarded-uri é %0d%0a'.split(
    ' ',
  );
export const extras: fc.Arbitrary<[string, string]> = fc.oneof(
  fc.tuple(fc.constantFrom(...EXTRA_NAMES), fc.constantFrom(...EXTRA_VALUES)),
  fc.tuple(
    fc.constant('X-Forwarded-For'),
    fc.constantFrom(
      '10.1.2.3',
      '10.1.2.3, 203.0.113.9',
      '203.0.113.9, 10.1.2.3',
      '10.1.2.3, 192.168.0.9',
      '10.1.2.3:80',
      '010.1.2.3',
      'x',
      '',
    ),
  ),
  fc.tuple(fc.constant('Accept'), fc.constantFrom('text/html', 'application/json', '*/*', 'image/png,*/*')),
  fc.tuple(fc.constant('Sec-Fetch-Mode'), fc.constantFrom('navigate', 'cors', 'no-cors')),
  fc.tuple(
    fc.constant('Authorization'),
    fc.constantFrom('Basic', 'Bearer x.y.z', 'Basic !!!', 'Digest a', 'Basic YTo='),
  ),
  fc.tuple(fc.constant('Cookie'), fc.constantFrom('a=b', 'authentik_proxy_00000000=x', '=', ';;', 'theme="dark')),
);
