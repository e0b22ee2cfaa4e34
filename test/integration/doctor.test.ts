/** `gatepost doctor --through` in front of real proxies: with the shipped files, and with one mistake in them each. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Check, CheckId } from '../../src/doctor/check.ts';
import { found } from '../doctor/fixture.ts';
import { needTool } from '../support/tools.ts';
import { caddy } from './caddy.ts';
import { type Certificate, makeCertificate } from './certificate.ts';
import { examineSite, type SiteOptions } from './doctor_site.ts';
import { envoy } from './envoy.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { edit, type Site, type TestedProxy } from './proxy.ts';
import { traefik } from './traefik.ts';

/** What is not ok, as `level id`. */
const problems = (checks: readonly Check[]) =>
  checks.filter(({ level }) => level !== 'ok').map(({ id, level }) => `${level} ${id}`);

/** One mistake: in which file, what stands there and what instead, and what the doctor finds. */
interface Mistake {
  name: string;
  file: string;
  from: string | RegExp;
  to: string | ((site: Site) => string);
  finds: string[];
  /** A part of the message of the first. */
  says?: string | RegExp;
  /** Of the remedy. */
  does?: string;
  options?: SiteOptions;
}

const mistake = ({ file, from, to, options = {} }: Mistake): SiteOptions => ({
  ...options,
  change: (site) => edit(site, file, (text) => text.replace(from, typeof to === 'string' ? to : to(site))),
});

function mistakesOf(proxy: TestedProxy, mistakes: Mistake[]): void {
  test.for(mistakes)('$name', async (one) => {
    const checks = await examineSite(proxy, mistake(one));
    expect(problems(checks)).toEqual(one.finds);
    const first = found(checks, one.finds[0]!.split(' ')[1] as CheckId);
    if (one.says !== undefined) expect(first?.message).toMatch(one.says);
    if (one.does !== undefined) expect(first?.remedy).toContain(one.does);
    expect(JSON.stringify(checks)).not.toContain('the-secret-of-the-doctor');
  });
}

describe.for([nginx, traefik, caddy, envoy, haproxy])('$name', (proxy) => {
  test.runIf(needTool(proxy.tool))('with its shipped files all is well', async () => {
    const checks = await examineSite(proxy);
    expect(problems(checks)).toEqual([]);
    expect(found(checks, 'proxy.dialect')?.message).toContain(`as ${proxy.dialect}`);
  });
});

describe.runIf(needTool('nginx'))('a mistake in the files of nginx', () => {
  let certificate: Certificate;
  beforeAll(() => {
    certificate = makeCertificate(['app-nginx.localhost']);
  });
  afterAll(() => certificate.remove());

  mistakesOf(nginx, [
    {
      name: 'the dialect of another proxy',
      file: 'gatepost/auth_request.conf',
      from: '/outpost.goauthentik.io/auth/nginx',
      to: '/outpost.goauthentik.io/auth/traefik',
      finds: ['error proxy.dialect'],
      says: /dialect traefik .*those of nginx/,
      does: '/outpost.goauthentik.io/auth/nginx',
    },
    {
      name: 'the cookie is stripped',
      file: 'gatepost/auth_request.conf',
      from: 'proxy_set_header Connection "";',
      to: 'proxy_set_header Connection ""; proxy_set_header Cookie "";',
      finds: ['error proxy.cookie'],
      says: 'without the Cookie header',
    },
    {
      name: 'X-authentik-username of a client is let through',
      file: 'gatepost/protect.conf',
      from: 'proxy_set_header X-authentik-username $gatepost_username;',
      to: '',
      finds: ['error proxy.forged_headers'],
      says: /wrote: X-authentik-username$/,
    },
    {
      name: 'the endpoint of the question is open to clients',
      file: 'gatepost/server.conf',
      from: /^ {4}internal;$/m,
      to: '',
      finds: ['error proxy.auth_endpoints'],
      says: 'reaches /outpost.goauthentik.io/auth/nginx from outside',
      does: 'internal',
    },
    {
      name: 'everything below the prefix leads to Gatepost',
      file: 'gatepost/server.conf',
      from: /^ {4}return 404;\n/m,
      to: '    auth_request off;\n    proxy_pass http://gatepost;\n    proxy_set_header Host $gatepost_host;\n    proxy_set_header X-Original-URL $gatepost_scheme://$gatepost_host$request_uri;\n',
      finds: ['error proxy.auth_endpoints'],
      says: 'auth/traefik',
    },
    {
      name: 'the callback is not routed',
      file: 'gatepost/server.conf',
      from: '|callback|',
      to: '|',
      finds: ['error proxy.callback'],
      says: '/outpost.goauthentik.io/callback (404)',
    },
    {
      name: 'the callback loses its query',
      file: 'gatepost/server.conf',
      from: '$gatepost_page$is_args$args',
      to: '$gatepost_page',
      finds: ['error proxy.callback'],
      says: 'without its query',
    },
    {
      name: 'the header buffer is too small for the token',
      file: 'gatepost/auth_request.conf',
      from: /^proxy_(buffer|busy).*$/gm,
      to: '',
      finds: ['error proxy.header_size'],
      says: '4 KiB',
      does: 'proxy_buffer_size 64k',
    },
    {
      name: 'the header buffer is too small for the token of a user with many groups',
      file: 'gatepost/auth_request.conf',
      from: 'proxy_buffer_size 64k;',
      to: 'proxy_buffer_size 8k;',
      finds: ['warning proxy.header_size'],
      says: '12 KiB',
    },
    {
      name: 'http is said where it is https',
      file: 'gatepost/http.conf',
      from: 'default $scheme;',
      to: 'default http;',
      finds: ['warning proxy.certificate', 'warning proxy.scheme'],
      options: {
        get tls() {
          return certificate;
        },
      },
    },
    {
      name: 'the session cookie reaches the application',
      file: 'gatepost/protect.conf',
      from: 'proxy_set_header Cookie $gatepost_cookie;',
      to: '',
      finds: ['warning proxy.session_cookie'],
    },
    {
      name: 'a client chooses its address',
      file: 'gatepost/auth_request.conf',
      from: 'X-Forwarded-For $remote_addr',
      to: 'X-Forwarded-For $http_x_forwarded_for',
      finds: ['error proxy.client_address'],
    },
    {
      name: 'the method is missing',
      file: 'gatepost/auth_request.conf',
      from: 'proxy_set_header X-Original-Method $request_method;',
      to: '',
      finds: ['warning proxy.method'],
    },
    {
      name: 'another host',
      file: 'site.conf',
      from: /set \$gatepost_host .*;/,
      to: 'set $gatepost_host other.localhost;',
      finds: ['error proxy.host'],
      says: 'other.localhost',
    },
    {
      name: 'no protection',
      file: 'gatepost/authorize.conf',
      from: 'auth_request /outpost.goauthentik.io/auth/nginx;',
      to: 'auth_request off;',
      finds: ['error proxy.question'],
      says: 'lets everybody in',
    },
    {
      name: 'no way to the login',
      file: 'gatepost/server.conf',
      from: 'error_page 401 = @gatepost_unauthenticated;',
      to: '',
      finds: ['error proxy.login'],
      says: 'gets 401',
    },
    {
      name: 'a proxy that is not trusted',
      file: 'site.conf',
      from: 'listen',
      to: ' listen',
      finds: ['error proxy.peer'],
      says: '127.0.0.1',
      options: { top: 'trusted_proxies: [10.99.0.1]' },
    },
    {
      name: 'a Gatepost with another secret',
      file: 'site.conf',
      from: 'listen',
      to: ' listen',
      finds: ['error proxy.gatepost'],
      options: { secret: 'another-secret-than-that-of-the-server' },
    },
  ]);
});

describe.runIf(needTool('traefik'))('a mistake in the files of Traefik', () => {
  mistakesOf(traefik, [
    {
      name: 'the dialect of another proxy',
      file: 'gatepost.yml',
      from: '/outpost.goauthentik.io/auth/traefik',
      to: '/outpost.goauthentik.io/auth/nginx',
      finds: ['error proxy.dialect', 'error proxy.login'],
      says: /dialect nginx .*those of Traefik/,
    },
    {
      name: 'the cookie is stripped',
      file: 'gatepost.yml',
      from: '        authResponseHeaders:',
      to: '        authRequestHeaders: [Accept, User-Agent, Sec-Fetch-Mode]\n        authResponseHeaders:',
      finds: ['error proxy.cookie'],
    },
    {
      name: 'identity headers of a client are let through',
      file: 'gatepost.yml',
      from: /^ +authResponseHeadersRegex: .*\n/m,
      to: '',
      finds: ['error proxy.forged_headers'],
      says: 'X-authentik-username, X-authentik-groups',
    },
    {
      name: 'other spellings of them, too',
      file: 'gatepost.yml',
      from: /^ +authResponseHeadersRegex: .*\n/m,
      to: (site) => {
        edit(site, 'traefik.yml', (text) => text.replace(/^ +aliasHeadersStrategy: delete\n/m, ''));
        return '';
      },
      finds: ['error proxy.forged_headers', 'error proxy.spelled_headers'],
    },
    {
      name: 'everything below the prefix leads to Gatepost',
      file: 'gatepost.yml',
      from: '      middlewares: [gatepost-not-found]\n',
      to: '',
      finds: ['error proxy.auth_endpoints'],
      says: 'auth/traefik',
    },
    {
      name: 'the callback is not routed',
      file: 'gatepost.yml',
      from: '|callback|',
      to: '|',
      finds: ['error proxy.callback'],
    },
  ]);
});

describe.runIf(needTool('nginx'))('identity_headers that the files of the proxy do not know', () => {
  test('a client that names itself there is found', async () => {
    const checks = await examineSite(nginx, {
      application: '    identity_headers: { X-Own-Name: preferred_username }',
    });
    expect(checks.find(({ id }) => id === 'proxy.forged_headers')).toMatchObject({
      level: 'error',
      message: expect.stringMatching(/wrote: X-Own-Name$/),
      remedy: expect.stringContaining('identity-headers.md'),
    });
  });

  test('the names of a preset are known to them', async () => {
    const checks = await examineSite(nginx, { application: '    identity_headers: authelia' });
    expect(checks.find(({ id }) => id === 'proxy.forged_headers')).toMatchObject({ level: 'ok' });
  });
});

describe.runIf(needTool('caddy'))('a mistake in the files of Caddy', () => {
  mistakesOf(caddy, [
    {
      name: 'the dialect of another proxy',
      file: 'gatepost.caddy',
      from: '/outpost.goauthentik.io/auth/caddy?',
      to: '/outpost.goauthentik.io/auth/nginx?',
      finds: ['error proxy.dialect', 'error proxy.login'],
    },
    {
      name: 'the cookie is stripped',
      file: 'gatepost.caddy',
      from: '		header_up -Connection\n',
      to: '		header_up -Connection\n		header_up -Cookie\n',
      finds: ['error proxy.cookie'],
    },
    {
      name: 'X-authentik-username of a client is let through',
      file: 'gatepost.caddy',
      from: /^\t+request_header (-X-Authentik\*|X-Authentik-Username .*)\n/gm,
      to: '',
      finds: ['error proxy.forged_headers'],
      says: /wrote: X-authentik-username$/,
    },
    {
      name: 'the callback is not routed',
      file: 'gatepost.caddy',
      from: '|callback|',
      to: '|',
      finds: ['error proxy.callback'],
    },
    {
      name: 'everything below the prefix leads to Gatepost',
      file: 'gatepost.caddy',
      from: 'respond @gatepost_other 404',
      to: ({ gatepost }) => `reverse_proxy @gatepost_other 127.0.0.1:${gatepost}`,
      finds: ['error proxy.auth_endpoints'],
    },
  ]);
});
