import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, loadAll } from 'js-yaml';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repeatTwins } from '../../src/cli/snippet/repeat_twins.ts';
import { readSources } from '../../src/cli/snippet/sources.ts';
import { validate } from '../compose/schema.ts';
import { secret } from '../config/example.ts';
import { configFile, gatepost } from './fixture.ts';

const PROXIES = ['nginx', 'traefik', 'caddy', 'envoy', 'haproxy', 'ingress-nginx', 'gateway-api', 'compose'];

const application = (name: string, host: string, more = '') =>
  `  - { name: ${name}, external_host: "${host}", issuer: "https://auth.acme.com", client_id: ${name}, client_secret: hunter2${more} }\n`;
const config = (...applications: string[]) =>
  configFile(`secret: ${secret}\nlisten: { http: "0.0.0.0:9123" }\napplications:\n${applications.join('')}`);

const one = config(application('Grafana', 'https://grafana.acme.com'));
const plain = config(application('Grafana', 'http://grafana.lan:8100'));
const many = config(
  application('Grafana', 'https://grafana.acme.com'),
  application('Wiki', 'https://wiki.acme.com'),
  application('Lab', 'https://login.lab.acme.com', ', mode: forward_domain, cookie_domain: lab.acme.com'),
);
const named = config(
  application(
    'Grafana',
    'https://grafana.acme.com',
    ', identity_headers: { preset: authelia, X-Employee: employee_id }, hosts: ["https://*.apps.acme.com", "https://alt.acme.com"]',
  ),
);
const preset = config(application('Grafana', 'https://grafana.acme.com', ', identity_headers: authelia'));
const mixed = config(application('Grafana', 'https://grafana.acme.com'), application('Wiki', 'http://wiki.lan'));
afterAll(() => {
  for (const { folder } of [one, plain, many, named, preset, mixed]) rmSync(folder, { recursive: true });
});

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'gatepost-snippet-'));
});
afterEach(() => rmSync(out, { recursive: true }));

const snippet = ({ file }: { file: string }, ...args: string[]) => gatepost(['snippet', ...args, '--config', file]);

/** The files on standard output, by name. */
async function filesOf(where: { file: string }, ...args: string[]): Promise<Map<string, string>> {
  const { code, out: printed, errors } = await snippet(where, ...args);
  expect([code, errors]).toEqual([0, expect.not.stringContaining('gatepost: ')]);
  const parts = printed.split(/^# file: (.+)\n/m).slice(1);
  return new Map(parts.flatMap((part, at) => (at % 2 === 0 ? [[part, parts[at + 1] ?? '']] : [])));
}
const all = (files: Map<string, string>) => [...files.values()].join('\n');
const code = (text: string) => text.replaceAll(/^\s*(?:#|--).*$/gm, '');

describe.each(PROXIES)('gatepost snippet %s', (proxy) => {
  it('leaves none of the examples to replace', async () => {
    for (const where of [one, plain, many]) {
      const upstream = where === many ? ['--upstream', 'nas.lab.acme.com=nas:80'] : ['--upstream', 'grafana:3000'];
      const text = code(all(await filesOf(where, proxy, ...upstream)));
      expect(text).not.toMatch(/(?:app|one|two)\.example\.com|authentik_proxy_00000000|(?<![\w.])(?:app|one|two):8080/);
      expect(text).toContain(where === plain ? 'grafana.lan' : 'grafana.acme.com');
      if (where === many) expect(text).toContain('nas.lab.acme.com');
    }
  });

  it('shows no secret', async () => {
    expect(all(await filesOf(one, proxy))).not.toMatch(`hunter2|${secret}`);
  });

  it('writes into a folder what it prints, and never over a file unless it is told to', async () => {
    const printed = await filesOf(one, proxy);
    const { out: names, code: first } = await snippet(one, proxy, '--out', out);
    expect(first).toBe(0);
    expect(names.split('\n')).toEqual([...printed.keys()].map((name) => join(out, name)));
    const [name = '', text = ''] = [...printed][0] ?? [];
    expect(`${readFileSync(join(out, name), 'utf8')}`.trimEnd()).toBe(text.trimEnd());
    writeFileSync(join(out, name), 'mine');
    const again = await snippet(one, proxy, '--out', out);
    expect([again.code, again.errors]).toEqual([1, expect.stringContaining(`${join(out, name)}`)]);
    expect(readFileSync(join(out, name), 'utf8')).toBe('mine');
    expect((await snippet(one, proxy, '--out', out, '--force')).code).toBe(0);
    expect(readFileSync(join(out, name), 'utf8').trimEnd()).toBe(text.trimEnd());
  });

  it('says on standard error alone what is left to do', async () => {
    const { out: printed, errors } = await snippet(one, proxy);
    expect(printed).toMatch(/^# file: /);
    expect(errors).toMatch(/grafana\.acme\.com: \S+ stands for the application; --upstream/);
    expect(errors).toMatch(/docs\/proxies\/[\w-]+\.md$/);
    const page = /docs\/proxies\/[\w-]+\.md$/.exec(errors)?.[0] ?? '';
    expect(existsSync(new URL(`../../${page}`, import.meta.url))).toBe(true);
  });
});

describe('gatepost snippet', () => {
  it('takes one application by its slug or name', async () => {
    for (const name of ['wiki', 'Wiki']) {
      const text = all(await filesOf(many, 'caddy', name));
      expect(text).toContain('wiki.acme.com {');
      expect(text).not.toContain('grafana.acme.com {');
    }
    expect((await snippet(many, 'caddy', 'blog')).errors).toBe(
      'gatepost: no application is called blog; there are grafana, wiki, lab',
    );
  });

  it('has the address of Gatepost from listen.http, and another one by option', async () => {
    expect(all(await filesOf(one, 'traefik'))).toContain('http://127.0.0.1:9123/outpost.goauthentik.io/auth/traefik');
    expect(all(await filesOf(one, 'traefik', '--gatepost', 'http://[fd00::1]:9000'))).toContain(
      'http://[fd00::1]:9000/',
    );
  });

  it('has the names that the session cookies have', async () => {
    const files = await filesOf(many, 'traefik');
    expect(load(files.get('gatepost.yml') ?? '')).toMatchObject({
      http: {
        middlewares: {
          'gatepost-auth': {
            forwardAuth: {
              addAuthCookiesToResponse: [
                expect.stringMatching(/^__Host-authentik_proxy_[0-9a-f]{8}$/),
                expect.stringMatching(/^__Host-authentik_proxy_[0-9a-f]{8}$/),
                expect.stringMatching(/^authentik_proxy_[0-9a-f]{8}$/),
              ],
            },
          },
        },
        routers: { grafana: { service: 'grafana' }, wiki: {}, lab: {}, gatepost: {}, 'gatepost-other': {} },
      },
    });
  });

  it('lets a load balancer end TLS', async () => {
    const files = all(await filesOf(one, 'nginx', '--behind', '10.1.0.0/16, 10.2.0.0/16'));
    expect(files).toContain('set_real_ip_from 10.1.0.0/16;\nset_real_ip_from 10.2.0.0/16;');
    expect(files).toContain('listen 80;');
    expect(files).not.toContain('ssl_certificate');
  });

  it('takes the certificate that is named', async () => {
    const files = all(await filesOf(one, 'nginx', '--certificate', '/etc/tls/a.pem', '--key', '/etc/tls/a.key'));
    expect(files).toContain('ssl_certificate /etc/tls/a.pem;\nssl_certificate_key /etc/tls/a.key;');
    expect(all(await filesOf(one, 'caddy'))).not.toContain('tls /etc');
  });

  it.each([
    [one, ['apache'], 'there are files for nginx, traefik'],
    [one, ['nginx', '--upstream', 'http://a/b'], '--upstream must be an address'],
    // Attack: what is typed, or comes from a script, ends a line of the proxy's configuration and begins another.
    [one, ['nginx', '--upstream', 'a:80;\nreturn 200'], '--upstream must be an address'],
    [one, ['nginx', '--certificate', '/a.pem; include /etc/passwd'], '--certificate must be a path'],
    [one, ['nginx', '--behind', '0.0.0.0/0;'], '--behind must be networks'],
    [one, ['nginx', '--gatepost', 'gatepost'], '--gatepost must be an address'],
    [one, ['nginx', '--upstream', 'wiki.acme.com=a:80'], 'which is no host of grafana'],
    [many, ['nginx', '--upstream', 'a:80'], 'needs a host before the address'],
    [many, ['nginx', '--upstream', 'evil-lab.acme.com=a:80'], 'which is no host of'],
    [plain, ['nginx', '--behind', '10.0.0.1'], '--behind is for external_host: https'],
    [plain, ['nginx', '--certificate', '/a.pem'], '--certificate is for a proxy that ends TLS'],
    [one, ['compose', '--behind', '10.0.0.1'], '--behind has no meaning for the files of compose'],
    [mixed, ['envoy'], 'different ports or schemes: name one of grafana, wiki'],
  ])('refuses %#: %j', async (where, args, problem) => {
    const { code, out: printed, errors } = await snippet(where, ...args);
    expect([code, printed]).toEqual([1, '']);
    expect(errors).toContain(problem);
  });

  it.each([
    ['nginx', 'auth_request_set $gatepost_own_1 $upstream_http_x_employee;'],
    ['nginx', 'proxy_set_header X-Employee $gatepost_own_1;'],
    ['nginx', 'fastcgi_param HTTP_X_EMPLOYEE $gatepost_own_1;'],
    ['nginx', 'uwsgi_param HTTP_X_EMPLOYEE $gatepost_own_1;'],
    ['nginx', 'grpc_set_header X-Employee $gatepost_own_1;'],
    ['nginx', 'proxy_hide_header X-Employee;'],
    ['traefik', '          - Cookie\n          - X-Employee\n'],
    ['caddy', '@gatepost_own_1 expression `{http.reverse_proxy.header.X-Employee} != null`'],
    ['caddy', 'request_header -X-Employee\n'],
    ['caddy', 'request_header @gatepost_own_1 X-Employee {http.reverse_proxy.header.X-Employee}'],
    ['envoy', '- remove: x-employee\n'],
    ['envoy', '- exact: x-employee\n'],
    ['haproxy', "local ADDITIONAL_HEADERS = { 'x-employee' }"],
    ['ingress-nginx', ',X-WEBAUTH-ROLE,X-Employee,Authorization,Cookie\n'],
    ['gateway-api', '        - x-webauth-role\n        - x-employee\n'],
    ['gateway-api', '      remove:\n        - x-employee\n'],
    ['compose', 'authresponseheaders: Authorization,Cookie,X-Employee\n'],
  ])('has the names of identity_headers that are an own: %s, %j', async (proxy, line) => {
    expect(all(await filesOf(named, proxy))).toContain(line);
    expect(all(await filesOf(one, proxy))).not.toMatch(/x-employee(?!' })|x_employee/i);
  });

  it.each(PROXIES)('adds no second line for a name that the shipped files have: %s', async (proxy) => {
    const lines = (where: { file: string }) =>
      filesOf(where, proxy, 'grafana').then((files) => all(files).match(/.*remote[-_]user.*/gi)?.length);
    expect(await lines(preset)).toBe(await lines(one));
  });

  it.each([
    ['nginx', ['server_name *.apps.acme.com;', 'set $gatepost_host $host;', 'server_name alt.acme.com;']],
    ['traefik', ['HostRegexp(`^[^.]+[.]apps[.]acme[.]com$`)', 'Host(`alt.acme.com`)']],
    ['caddy', ['*.apps.acme.com {', 'alt.acme.com {']],
    ['envoy', ['"*.apps.acme.com:443"', '"(?i)[^.]+[.]apps[.]acme[.]com(:80|:443)?"']],
    ['haproxy', ['hdr_reg(host) -i ^[^.]+[.]apps[.]acme[.]com(:80|:443)?$', '-i alt.acme.com alt.acme.com:80']],
    ['ingress-nginx', ['- host: "*.apps.acme.com"', 'https://$host/outpost.goauthentik.io/start']],
    ['gateway-api', ['hostnames: ["*.apps.acme.com"]', 'hostnames: [alt.acme.com]']],
    ['compose', ['HostRegexp(`^[^.]+[.]apps[.]acme[.]com$$`)']],
  ])('has a site for each of hosts: %s', async (proxy, lines) => {
    const text = all(await filesOf(named, proxy));
    for (const line of lines) expect(text).toContain(line);
  });

  it('takes what is called like an example for what it is', async () => {
    const where = config(application('One', 'http://one.two.acme.com'), application('App', 'http://two.one.acme.com'));
    const upstreams = ['--upstream', 'one.two.acme.com=two:8080', '--upstream', 'two.one.acme.com=one:8080'];
    const { code: envoyCode, out: envoy } = await snippet(where, 'envoy', ...upstreams);
    const { code: haproxyCode, out: haproxy } = await snippet(where, 'haproxy', ...upstreams);
    rmSync(where.folder, { recursive: true });
    expect([envoyCode, haproxyCode]).toEqual([0, 0]);
    expect(envoy).toContain('"(?i)one[.]two[.]acme[.]com(:80|:443)?"');
    expect(envoy).toContain('{ cluster: app-one, timeout: 0s }');
    expect(envoy).toContain('address: two, port_value: 8080');
    expect(haproxy).toContain('server app-one two:8080');
    expect(haproxy).toContain('server app one:8080');
    expect(haproxy).toContain('-i two.one.acme.com two.one.acme.com:80');
  });

  it('names a header in Caddy as Go does, and never as a variable that nginx has already', async () => {
    const headers = ', identity_headers: { X-TEAM: groups, Email: email }';
    const where = config(
      application('Grafana', 'https://grafana.acme.com', headers),
      application('Wiki', 'https://wiki.acme.com', ', identity_headers: { x-team: email }'),
    );
    const caddy = all(await filesOf(where, 'caddy'));
    expect(caddy).toMatch(/request_header @gatepost_own_1 x-team \{http\.reverse_proxy\.header\.X-Team\}/i);
    const nginx = all(await filesOf(where, 'nginx'));
    expect(nginx.match(/^auth_request_set \$gatepost_email /gm)).toHaveLength(1);
    expect(nginx.match(/^proxy_set_header x-team /gim)).toHaveLength(1);
    rmSync(where.folder, { recursive: true });
  });

  it('writes a host of its own once, though it is under the domain of another application', async () => {
    const where = config(
      application('Domain', 'https://login.acme.com', ', mode: forward_domain, cookie_domain: acme.com'),
      application('Payroll', 'https://payroll.acme.com'),
    );
    const upstream = ['--upstream', 'payroll.acme.com=payroll:80', '--upstream', 'wiki.acme.com=wiki:80'];
    const files = await filesOf(where, 'nginx', ...upstream);
    expect([...files.keys()].filter((name) => name.includes('acme'))).toEqual([
      'login.acme.com.conf',
      'wiki.acme.com.conf',
      'payroll.acme.com.conf',
    ]);
    expect((await snippet(where, 'nginx', 'domain', ...upstream)).errors).toContain(
      'names payroll.acme.com, which is no',
    );
    rmSync(where.folder, { recursive: true });
  });

  it('writes a Compose file that its schema takes, where each application reaches Traefik alone', async () => {
    const files = await filesOf(many, 'compose', '--upstream', 'nas.lab.acme.com=nas:80');
    const document = load(files.get('compose.yaml') ?? '');
    expect(validate(document)).toEqual([]);
    expect(document).toMatchObject({
      services: {
        traefik: { networks: ['gatepost', 'grafana', 'wiki', 'lab', 'nas-lab-acme-com'], ports: ['443:443'] },
        gatepost: { networks: ['gatepost'] },
        grafana: { networks: ['grafana'], image: 'grafana' },
        'nas-lab-acme-com': {
          image: 'nas',
          labels: { 'traefik.http.services.nas-lab-acme-com.loadbalancer.server.port': '80' },
        },
      },
    });
  });

  it('writes objects of Kubernetes with names of their own for each site', async () => {
    for (const proxy of ['ingress-nginx', 'gateway-api']) {
      const files = await filesOf(many, proxy, '--upstream', 'wiki.acme.com=dokuwiki:80');
      const objects = [...files.values()].flatMap((text) => loadAll(text)) as Record<string, unknown>[];
      const names = objects.map((object) => {
        const { name, namespace } = object.metadata as Record<string, string>;
        return `${object.kind} ${namespace} ${name}`;
      });
      // What the sites of a namespace share is the same in each file.
      const own = names.filter((name) => !/ gatepost(?:-auth-headers)?$/.test(name));
      expect(own).toEqual([...new Set(own)]);
      expect(JSON.stringify(objects)).toContain('"name":"dokuwiki"');
      expect(readdirSync(new URL('../../kubernetes', import.meta.url))).toContain('ingress-nginx');
    }
  });
});

describe('what stands there for two sites', () => {
  const write = (block: string, site: string) => block.replaceAll('one', site);

  it('is written once for each', () => {
    const text = 'a\n- one: 1\n  of: one\n- two: 1\n  of: two\nunless one or two\nX(`one`) || X(`two`)\nb';
    expect(repeatTwins(text, ['x', 'y', 'z'], write)).toBe(
      'a\n- x: 1\n  of: x\n- y: 1\n  of: y\n- z: 1\n  of: z\nunless x or y or z\nX(`x`) || X(`y`) || X(`z`)\nb',
    );
  });

  it('may have a line between', () => {
    expect(repeatTwins('{\n one\n}\n\n{\n two\n}\n', ['x'], write)).toBe('{\n x\n}\n');
    expect(repeatTwins('k: one\n---\nk: two\n', ['x', 'y'], write)).toBe('k: x\n---\nk: y\n');
  });

  it('is an error where it differs: the shipped file is not what it was', () => {
    expect(() => repeatTwins('- one: 1\n- two: 2\n', ['x'], write)).toThrow('has no twin: - two: 2');
  });
});

it('the package holds every file that snippets are made of', () => {
  const { files } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  for (const path of readSources('nginx/gatepost/', 'nginx/forward_single.conf').keys())
    expect(
      files.some((folder: string) => path.startsWith(`${folder}/`)),
      path,
    ).toBe(true);
  for (const folder of ['traefik', 'caddy', 'envoy', 'haproxy', 'kubernetes', 'compose', 'docs/proxies'])
    expect(files).toContain(folder);
});

// Attack: in a folder where others may write, a link leads to a file that the operator alone may write.
describe('a link in the folder', () => {
  it.each([
    ['00-gatepost.conf', ['--force']],
    ['00-gatepost.conf', []],
    ['gatepost', []],
    ['gatepost', ['--force']],
  ])('%s is not followed, with %j', async (name, flags) => {
    const elsewhere = join(out, 'elsewhere');
    const folder = join(out, 'proxy');
    mkdirSync(folder);
    if (name === 'gatepost') mkdirSync(elsewhere);
    else writeFileSync(elsewhere, 'mine');
    symlinkSync(elsewhere, join(folder, name));
    const { code, errors } = await snippet(one, 'nginx', '--out', folder, ...flags);
    expect([code, errors]).toEqual([
      1,
      expect.stringContaining(`${join(folder, name)}: nothing is written through a link`),
    ]);
    expect(readdirSync(folder)).toEqual([name]);
    if (name === 'gatepost') expect(readdirSync(elsewhere)).toEqual([]);
    else expect(readFileSync(elsewhere, 'utf8')).toBe('mine');
  });

  it('to nowhere is found before the first file is written', async () => {
    symlinkSync(join(out, 'nowhere'), join(out, '00-gatepost.conf'));
    expect((await snippet(one, 'nginx', '--out', out)).code).toBe(1);
    expect(readdirSync(out)).toEqual(['00-gatepost.conf']);
  });

  it('that the folder itself is, is followed', async () => {
    const link = join(out, 'link');
    mkdirSync(join(out, 'folder'));
    symlinkSync(join(out, 'folder'), link);
    expect((await snippet(one, 'nginx', '--out', link)).code).toBe(0);
    expect(readdirSync(join(out, 'folder'))).toContain('00-gatepost.conf');
  });
});
