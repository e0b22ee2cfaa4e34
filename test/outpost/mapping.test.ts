import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/schema/config.ts';
import { mapOutpost } from '../../src/outpost/mapping.ts';
import { readOutpostStart } from '../../src/outpost/start.ts';
import type { OutpostSettings, OutpostState, RawProvider } from '../../src/outpost/types.ts';
import { outpostInstance } from './instance.ts';

const HOST = 'https://auth.example.com/';
const start = await readOutpostStart({
  file: undefined,
  env: { AUTHENTIK_HOST: HOST, AUTHENTIK_TOKEN: 'a-token-of-an-outpost-that-is-long-enough' },
});
if (start === undefined) throw new Error('outpost mode is off');
const { base, settings } = start;

let numbers = 0;

/** As authentik sends one. */
function provider(fields: Record<string, unknown> = {}, origin = 'https://auth.example.com'): RawProvider {
  numbers += 1;
  const slug = `app-${numbers}`;
  const at = `${origin}/application/o`;
  return {
    pk: numbers,
    name: `App ${numbers}`,
    internal_host: '',
    external_host: `https://${slug}.example.com`,
    internal_host_ssl_validation: true,
    client_id: `id-${numbers}`,
    client_secret: `secret-${numbers}`,
    oidc_configuration: {
      issuer: `${at}/${slug}/`,
      authorization_endpoint: `${at}/authorize/`,
      token_endpoint: `${at}/token/`,
      userinfo_endpoint: `${at}/userinfo/`,
      end_session_endpoint: `${at}/${slug}/end-session/`,
      introspection_endpoint: `${at}/introspect/`,
      jwks_uri: `${at}/${slug}/jwks/`,
      id_token_signing_alg_values_supported: ['HS256'],
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    },
    cookie_secret: 'a secret of its own outpost',
    certificate: null,
    skip_path_regex: '',
    basic_auth_enabled: false,
    basic_auth_user_attribute: '',
    basic_auth_password_attribute: '',
    mode: 'forward_single',
    cookie_domain: '',
    access_token_validity: 86_400,
    intercept_header_auth: true,
    scopes_to_request: ['openid', 'profile', 'email', 'ak_proxy'],
    assigned_application_slug: slug,
    assigned_application_name: `App ${numbers}`,
    ...fields,
  };
}

function map(
  providers: readonly RawProvider[],
  given: { settings?: Partial<OutpostSettings>; base?: Partial<Config>; instance?: object } = {},
) {
  const state: OutpostState = {
    instance: outpostInstance({
      providers: providers.map(({ pk, name }) => ({ pk, name, slug: undefined })),
      ...given.instance,
    }),
    providers,
  };
  const mapped = mapOutpost({ base: { ...base, ...given.base }, settings: { ...settings, ...given.settings }, state });
  return {
    ...mapped,
    hosts: mapped.config.applications.map(({ external_host }) => external_host),
    text: JSON.stringify([mapped.refused, mapped.notices]),
  };
}

describe('a provider is an application', () => {
  test('with the words of authentik, app passwords and introspection', () => {
    const one = provider({
      external_host: 'HTTPS://Wiki.Example.COM:443/',
      skip_path_regex: '^/open\r\n\n  \n(\n^/health$\n',
      access_token_validity: 3600.5,
      intercept_header_auth: false,
      basic_auth_enabled: true,
      basic_auth_user_attribute: 'app_user',
      scopes_to_request: ['profile', 'ak_proxy', 'email'],
    });
    const { config, refused } = map([one]);
    expect(config.applications[0]).toMatchObject({
      name: one.name,
      external_host: 'https://wiki.example.com',
      mode: 'forward_single',
      client_id: one.client_id,
      skip_path_regex: ['^/open', '^/health$'],
      session_max_age: 3_600_500,
      intercept_header_auth: false,
      basic_auth_enabled: true,
      basic_auth_user_attribute: 'app_user',
      scopes: ['openid', 'ak_proxy', 'email', 'profile'],
      basic: 'app_password',
      bearer: 'introspect',
    });
    expect(config).toMatchObject({ outpost_name: 'edge', managed: { waiting: false, authority: HOST } });
    // The line that does not compile is closed, and said.
    expect(refused).toMatchObject([{ pk: one.pk, field: 'skip_path_regex', isServed: true }]);
    expect(JSON.stringify(config)).not.toContain('a secret of its own outpost');
  });

  test('that is the same in whatever order the answer comes', () => {
    const [one, other] = [provider(), provider()];
    const shuffled = { ...one, scopes_to_request: ['ak_proxy', 'email', 'openid', 'profile'] };
    expect(map([other, shuffled]).config).toEqual(map([one, other]).config);
  });

  test('with a domain', () => {
    const one = provider({
      mode: 'forward_domain',
      external_host: 'https://auth.home.example.net',
      cookie_domain: '.home.example.net',
    });
    expect(map([one]).config.applications[0]).toMatchObject({
      mode: 'forward_domain',
      cookie_domain: 'home.example.net',
    });
  });

  test('with what authentik has of a later release, and nothing where it may be null', () => {
    const one = provider({
      a_new_field: { of: 'authentik' },
      access_token_validity: null,
      certificate: null,
      scopes_to_request: ['openid', 'a_new_scope'],
    });
    const [application] = map([one]).config.applications;
    expect(application?.session_max_age).toBe(86_400_000);
    expect(application?.scopes).toEqual(['openid', 'a_new_scope']);
  });

  test('with what the file adds to it, by its slug', () => {
    const one = provider({ assigned_application_slug: 'wiki' });
    const overrides = { wiki: { access: [{ groups: ['admins'] }], skip_preflight: 'true' }, gone: {} };
    const { config, notices } = map([one], { settings: { overrides } });
    expect(config.applications[0]).toMatchObject({ skip_preflight: true, access: [{ groups: ['admins'] }] });
    expect(notices.map(({ message }) => message).join('\n')).toContain('gone');
  });
});

describe('a provider that cannot be served is refused for itself', () => {
  const secret = 'hunter2';
  const others = () => [provider(), provider()];

  test.each<[string, Record<string, unknown>, string]>([
    ['reverse proxying', { mode: 'proxy' }, 'mode'],
    ['no mode', { mode: null }, 'mode'],
    ['a mode of a later release', { mode: 'forward_everything' }, 'mode'],
    ['no client', { client_id: '' }, 'client_id'],
    ['no secret', { client_secret: null }, 'client_secret'],
    ['no application', { assigned_application_slug: '' }, 'assigned_application_slug'],
    ['a domain without its name', { mode: 'forward_domain', cookie_domain: '' }, 'cookie_domain'],
    [
      'a public suffix',
      { mode: 'forward_domain', external_host: 'https://a.co.uk', cookie_domain: 'co.uk' },
      'cookie_domain',
    ],
    [
      'a host outside of its domain',
      { mode: 'forward_domain', external_host: 'https://evilexample.net', cookie_domain: 'example.net' },
      'external_host',
    ],
    ['no addresses', { oidc_configuration: null }, 'oidc_configuration'],
    ...[
      '',
      'wiki.example.com',
      'ftp://wiki.example.com',
      'https://',
      `https://user:${secret}@wiki.example.com`,
      'https://wiki.example.com/path',
      `https://wiki.example.com/?q=${secret}`,
      'https://wiki.example.com#a',
      'https://wiki example.com',
      'https://wiki.example.com:99999',
      'javascript:alert(1)',
      'https:\\\\wiki.example.com',
    ].map((external_host): [string, Record<string, unknown>, string] => [
      `external_host ${external_host}`,
      { external_host },
      'external_host',
    ]),
  ])('%s', (_, fields, field) => {
    const [one, two] = others();
    const bad = provider(fields);
    const { hosts, refused, text } = map([one!, bad, two!]);
    expect(hosts).toHaveLength(2);
    expect(refused).toMatchObject([{ pk: bad.pk, field }]);
    expect(text).not.toContain(secret);
  });

  test('the host of one that is not served is kept from wider applications, and so is its domain', () => {
    const domain = provider({
      mode: 'forward_domain',
      external_host: 'https://auth.example.net',
      cookie_domain: 'example.net',
    });
    const closed = provider({ mode: 'proxy', external_host: 'https://admin.example.net' });
    const inner = provider({
      mode: 'forward_domain',
      external_host: 'https://auth.lab.example.net',
      cookie_domain: 'lab.example.net',
      client_secret: '',
    });
    const { config } = map([domain, closed, inner]);
    expect(config.managed?.reserved.hosts.map(({ host }) => host)).toEqual([
      'admin.example.net',
      'auth.lab.example.net',
    ]);
    expect(config.managed?.reserved.domains).toEqual(['lab.example.net']);
  });

  test('of two with one host the lower number is served', () => {
    const [one, two] = [provider(), provider()];
    const clash = { ...two!, external_host: one!.external_host };
    const { config, refused } = map([clash, one!]);
    expect(config.applications.map(({ client_id }) => client_id)).toEqual([one!.client_id]);
    expect(refused).toMatchObject([{ pk: two!.pk, field: 'external_host' }]);
    expect(config.managed?.reserved.hosts).toEqual([]);
  });
});

describe('the addresses of authentik', () => {
  const managedOf = (mapped: ReturnType<typeof map>) => mapped.config.applications[0]?.managed;

  test('are those of the API, and tokens name its issuer', () => {
    const managed = managedOf(map([provider()]));
    expect(managed?.issuers).toEqual([managed?.metadata.issuer]);
    expect(managed?.access).toEqual({
      origin: 'https://auth.example.com',
      insecure: false,
      publicOrigin: 'https://auth.example.com',
    });
  });

  test('that browsers use have the origin of AUTHENTIK_HOST_BROWSER; those that are asked stay inside', () => {
    const inside = { host: 'http://server:9000/', hostBrowser: 'https://login.example.com:8443' };
    const managed = managedOf(map([provider({}, 'http://server:9000')], { settings: inside }));
    expect(managed?.metadata.authorization_endpoint).toMatch(/^https:\/\/login\.example\.com:8443\//);
    expect(managed?.metadata.token_endpoint).toMatch(/^http:\/\/server:9000\//);
    expect(managed?.issuers.map((issuer) => new URL(issuer).origin)).toEqual([
      'https://login.example.com:8443',
      'http://server:9000',
    ]);
    expect(managed?.access.publicOrigin).toBe('https://login.example.com:8443');
  });

  test('that say http: of an https host are asked by https, with one warning for all', () => {
    const mapped = map([provider({}, 'http://auth.example.com'), provider({}, 'http://auth.example.com')]);
    const managed = managedOf(mapped);
    expect(managed?.metadata.token_endpoint).toMatch(/^https:/);
    expect(managed?.issuers).toEqual([expect.stringMatching(/^http:/)]);
    expect(mapped.notices.filter(({ message }) => message.includes('X-Forwarded-Proto'))).toHaveLength(1);
  });

  test('that are elsewhere without TLS refuse the provider', () => {
    const { refused, hosts } = map([provider({}, 'http://elsewhere.example.org'), provider()]);
    expect(refused).toMatchObject([{ field: expect.stringMatching(/^oidc_configuration/) }]);
    expect(hosts).toHaveLength(1);
  });

  test('that are elsewhere with TLS are used, and said once', () => {
    const { refused, notices } = map([provider({}, 'https://id.example.org'), provider({}, 'https://id.example.org')]);
    expect(refused).toEqual([]);
    expect(notices.filter(({ message }) => message.includes('id.example.org'))).toHaveLength(1);
  });
});

test('a thousand providers take well under a second', () => {
  const many = Array.from({ length: 1000 }, () => provider());
  map(many);
  const startedAt = performance.now();
  expect(map(many).hosts).toHaveLength(1000);
  // Below 0.2 s on two busy cores; a test on a busier machine must not fail by it.
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});
