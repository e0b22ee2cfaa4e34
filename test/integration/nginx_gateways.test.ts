/** nginx in front of FastCGI, uwsgi and gRPC applications: the identity is Gatepost's, whatever a client writes. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { SHIPPED_NAMES } from '../../src/config/identity_headers.ts';
import { needTool } from '../support/tools.ts';
import { type Gateway, startFastCgi, startGrpc, startUwsgi } from './gateways.ts';
import { nginx } from './nginx.ts';
import { edit, type TestedProxy } from './proxy.ts';
import { useSite, useSiteOf, useWorld } from './started.ts';

const [binary, fcgiwrap] = [needTool('nginx'), needTool('fcgiwrap')];
const forger = 'evil-forger';

/** What Debian's fastcgi_params and uwsgi_params have of the request. */
const variables = (kind: string) =>
  [
    'REQUEST_METHOD $request_method',
    'REQUEST_URI $request_uri',
    'QUERY_STRING $query_string',
    'REMOTE_ADDR $remote_addr',
  ]
    .map((line) => `${kind}_param ${line};`)
    .join(' ');

const gateways: Gateway[] = [];
const withGateways: TestedProxy = {
  ...nginx,
  async start(program, site) {
    const fastCgi = await startFastCgi(fcgiwrap!, site.directory);
    const [uwsgi, grpc] = [await startUwsgi(), await startGrpc()];
    gateways.push(fastCgi, uwsgi, grpc);
    const locations = `
    location /fastcgi/ {
        ${variables('fastcgi')}
        fastcgi_param SCRIPT_FILENAME ${fastCgi.script};
        include gatepost/protect_fastcgi.conf;
        fastcgi_pass 127.0.0.1:${fastCgi.port};
    }
    location /uwsgi/ {
        ${variables('uwsgi')}
        include gatepost/protect_uwsgi.conf;
        uwsgi_pass 127.0.0.1:${uwsgi.port};
    }
    location /grpc/ {
        include gatepost/protect_grpc.conf;
        grpc_pass grpc://127.0.0.1:${grpc.port};
    }
    location / {`;
    return nginx.start(program, site, () =>
      edit(site, 'site.conf', (text) => text.replace('\n    location / {', locations)),
    );
  },
};

/** The header that a variable or header of the application comes from. */
const headerName = (spelt: string) =>
  spelt
    .replace(/^HTTP_/, '')
    .replaceAll('_', '-')
    .toLowerCase();

/** The values of a header of the application, however it is spelt there. */
function valuesOf(text: string, name: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [key = '', ...value] = line.split('=');
    return headerName(key) === name ? [value.join('=')] : [];
  });
}

test('the files for each kind of application replace and remove the same headers', () => {
  const namesIn = (file: string) => {
    const text = readFileSync(new URL(`../../nginx/gatepost/${file}.conf`, import.meta.url), 'utf8');
    const names = [...text.matchAll(/^\w+_(?:set_header|param) (\S+) /gm)].map(([, name]) => headerName(name!));
    // Of HTTP alone, or of variables alone.
    return names.filter((name) => !['host', 'upgrade', 'connection', 'remote-user', 'proxy'].includes(name)).sort();
  };
  const names = namesIn('protect');
  expect(names.length).toBeGreaterThan(50);
  for (const kind of ['fastcgi', 'uwsgi', 'grpc']) expect([kind, namesIn(`protect_${kind}`)]).toEqual([kind, names]);
});

describe.skipIf(!binary || !fcgiwrap)('applications that do not speak HTTP', () => {
  // Before the site, which ends first: its hook runs before this one.
  afterAll(() => Promise.all(gateways.map((gateway) => gateway.stop())));
  const site = useSite(withGateways);

  test.each(['fastcgi', 'uwsgi', 'grpc'])('%s gets the identity, and nothing that a client forges', async (kind) => {
    const { cookie } = await site().signIn();
    const names = ['X-authentik-username', 'X-Authentik-Groups', 'X-authentik-meta-app', 'X-authentik-jwt'];
    const more = ['X-Forwarded-Prefix', 'X-Original-URL', 'X-Forwarded-Port', 'Client-IP', 'Forwarded', 'X-Real-IP'];
    const headers = [...names, ...more, ...SHIPPED_NAMES].map((name): [string, string] => [name, forger]);
    const own: [string, string] = ['Cookie', `${cookie[1]}; of=application`];
    const answer = await site().ask({ path: `/${kind}/x?a=b`, headers: [...headers, own] });
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain(forger);
    expect(valuesOf(answer.text, 'x-authentik-username')).toEqual(['alice']);
    expect(valuesOf(answer.text, 'x-authentik-groups')).toEqual(['admins|staff']);
    expect(valuesOf(answer.text, 'cookie')).toEqual(['of=application']);
    expect(valuesOf(answer.text, 'x-real-ip')).toEqual(['127.0.0.1']);
    expect(
      SHIPPED_NAMES.filter((name) => answer.text.includes(`HTTP_${name.toUpperCase().replaceAll('-', '_')}=`)),
    ).toEqual([]);
  });

  test.each(['fastcgi', 'uwsgi', 'grpc'])('%s does not get an app password that Gatepost accepted', async (kind) => {
    const authorization = `Basic ${btoa('alice:app-alice')}`;
    const answer = await site().ask({ path: `/${kind}/x`, headers: [['Authorization', authorization]] });
    expect(valuesOf(answer.text, 'x-authentik-username')).toEqual(['alice']);
    expect(answer.text).not.toContain(authorization);
  });

  // Attack: nginx takes $remote_user from any Authorization header, checked or not.
  test.each(['fastcgi', 'uwsgi'])('REMOTE_USER of %s is the user, not a name from a header', async (kind) => {
    const { cookie } = await site().signIn('bob', 'builder');
    const foreign: [string, string] = ['Authorization', `Basic ${btoa('admin:x')}`];
    const answer = await site().ask({ path: `/${kind}/x`, headers: [cookie, foreign] });
    expect(valuesOf(answer.text, 'remote-user')).toEqual(['bob']);
  });

  test.each(['fastcgi', 'uwsgi', 'grpc'])('%s is not reached without a session', async (kind) => {
    const visit = await site().ask({ path: `/${kind}/x`, headers: [['Accept', 'text/html']] });
    expect([visit.status, visit.headers.location]).toEqual([302, expect.stringContaining('/start?rd=')]);
    const call = await site().ask({ path: `/${kind}/x`, headers: [['Accept', 'application/grpc']] });
    expect([call.status, call.text]).toEqual([401, expect.not.stringContaining('REQUEST_URI')]);
  });
});

describe.skipIf(!binary || !fcgiwrap)('… with identity_headers', () => {
  afterAll(() => Promise.all(gateways.map((gateway) => gateway.stop())));
  const configured = 'identity_headers: { preset: authelia, X-WEBAUTH-USER: email, X-Auth-Request-User: sub }';
  const site = useSiteOf(useWorld([nginx.name], 'plain', configured), withGateways, 'single');

  test.each(['fastcgi', 'uwsgi', 'grpc'])('%s gets the user by the names that it reads', async (kind) => {
    const { cookie } = await site().signIn();
    const headers = SHIPPED_NAMES.map((name): [string, string] => [name, forger]);
    const { text } = await site().ask({ path: `/${kind}/x`, headers: [...headers, cookie] });
    expect(text).not.toContain(forger);
    // Beside HTTP_REMOTE_USER the files have REMOTE_USER, which is authentik's: nobody here.
    expect(valuesOf(text, 'remote-user').filter((value) => value !== '')).toEqual(['alice']);
    expect(valuesOf(text, 'remote-groups')).toEqual(['admins,staff']);
    expect(valuesOf(text, 'x-webauth-user')).toEqual(['alice@example.com']);
    expect(valuesOf(text, 'x-auth-request-user')).toEqual(['u-alice']);
  });
});
