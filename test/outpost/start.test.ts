import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { VARIABLES } from '../../src/config/outpost/variables.ts';
import { ConfigError } from '../../src/config/problems.ts';
import { listedProxies } from '../../src/config/trusted_proxies.ts';
import { secretOfToken } from '../../src/crypto/token_secret.ts';
import { readOutpostStart } from '../../src/outpost/start.ts';
import type { OutpostStart } from '../../src/outpost/types.ts';
import { readFences } from '../docs/fences.ts';
import { environment, TOKEN } from './environment.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatepost-outpost-start-'));
afterAll(() => rmSync(folder, { recursive: true }));
let written = 0;

/** A file with this text, for one test. */
function write(text: string): string {
  written += 1;
  const path = join(folder, `${written}.txt`);
  writeFileSync(path, text);
  return path;
}

async function start(env: Record<string, string>, text?: string): Promise<OutpostStart> {
  const started = await readOutpostStart({ file: text === undefined ? undefined : write(text), env });
  if (!started) throw new Error('outpost mode is off');
  return started;
}

async function refusal(env: Record<string, string>, text?: string): Promise<ConfigError> {
  const error = await start(env, text).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  return error as ConfigError;
}

const SECRET = '0123456789abcdef0123456789abcdef';
const APPLICATION = [
  'applications:',
  '  - name: Wiki',
  '    external_host: https://wiki.example.com',
  '    issuer: https://id.example.com',
  '    client_id: wiki',
].join('\n');

describe('outpost mode is off', () => {
  it('without a token and without a file', async () => {
    expect(await readOutpostStart({ file: undefined, env: {} })).toBeUndefined();
    expect(
      await readOutpostStart({ file: undefined, env: { AUTHENTIK_HOST: '', AUTHENTIK_TOKEN: '' } }),
    ).toBeUndefined();
  });

  it('with a host beside a file without outpost: the host is a variable', async () => {
    const file = write(`secret: ${SECRET}\n${APPLICATION}`);
    expect(await readOutpostStart({ file, env: { AUTHENTIK_HOST: 'not even a URL' } })).toBeUndefined();
  });

  it('with a file that cannot be used, which others report', async () => {
    for (const file of [join(folder, 'none.yaml'), write('a: [')])
      expect(await readOutpostStart({ file, env: {} })).toBeUndefined();
  });
});

describe('outpost mode', () => {
  it('needs two variables, and no file', async () => {
    const { settings, base, token, file, notices } = await start(environment());
    expect(settings).toEqual({
      host: 'https://auth.example.com/',
      insecure: false,
      hostBrowser: undefined,
      passClientIp: false,
      keepMs: 7 * 86_400_000,
      overrides: {},
      logLevelIsGiven: false,
      secretIsGiven: false,
    });
    expect(token.current()).toBe(TOKEN);
    expect(base).toMatchObject({
      listen: { http: '[::]:9000', metrics: '[::]:9300' },
      store: 'memory',
      secret: [secretOfToken(TOKEN)],
      applications: [],
      managed: { authority: 'https://auth.example.com/', waiting: true, reserved: { hosts: [], domains: [] } },
    });
    expect(base.managed).not.toHaveProperty('clientAddressToken');
    expect(base).not.toHaveProperty('outpost');
    expect(file).toBeUndefined();
    expect(notices.map(({ event }) => event)).toEqual(['outpost.derived_secret']);
  });

  it('needs a file alone', async () => {
    const text = `outpost: { host: "http://server:9000", token: ${TOKEN}, host_browser: "https://AUTH.example.com:443/x" }`;
    const { settings, token, file } = await start({}, text);
    expect(settings).toMatchObject({ host: 'http://server:9000/', hostBrowser: 'https://auth.example.com' });
    expect(token.current()).toBe(TOKEN);
    expect(file).toMatch(/txt$/);
  });

  it.each([
    'outpost: {}',
    'outpost:',
    'log: { format: json }',
    '',
    '# nothing',
  ])('takes all of it from the environment, beside the file: %s', async (text) => {
    expect((await start(environment(), text)).settings.host).toBe('https://auth.example.com/');
  });

  it('lets the environment say which outpost it is, and the file how the process runs', async () => {
    const env = environment({
      AUTHENTIK_INSECURE: 'False',
      AUTHENTIK_HOST_BROWSER: 'https://browser.example.com',
      AUTHENTIK_LISTEN__HTTP: '0.0.0.0:9000',
      AUTHENTIK_LISTEN__METRICS: '0.0.0.0:9301',
      AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS: '10.0.0.0/8',
      AUTHENTIK_LOG_LEVEL: 'debug',
      GATEPOST_SECRET: SECRET,
      GATEPOST_STORE: 'redis://from-the-environment',
    });
    const other = 'abcdefghijklmnopqrstuvwxyz0123456789';
    const text = [
      `outpost: { host: "https://file.example.com", token: ${'f'.repeat(40)}, insecure: true, host_browser: "https://file.example.com" }`,
      'listen: { http: "127.0.0.1:9001" }',
      'trusted_proxies: [172.18.0.0/16]',
      'log: { level: warn }',
      `secret: ${other}`,
      'store: file:///var/lib/gatepost',
    ].join('\n');
    const { settings, token, base, notices } = await start(env, text);
    expect(settings).toMatchObject({
      host: 'https://auth.example.com/',
      insecure: false,
      hostBrowser: 'https://browser.example.com',
      logLevelIsGiven: true,
      secretIsGiven: true,
    });
    expect(token.current()).toBe(TOKEN);
    expect(base).toMatchObject({
      listen: { http: '127.0.0.1:9001', metrics: '0.0.0.0:9301' },
      trusted_proxies: ['172.18.0.0/16'],
      log: { level: 'warn' },
      secret: [other],
      store: 'file:///var/lib/gatepost',
    });
    expect(notices.map(({ message }) => message)).toEqual(
      [
        ['AUTHENTIK_LISTEN__HTTP', 'listen.http'],
        ['AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS', 'trusted_proxies'],
        ['AUTHENTIK_LOG_LEVEL', 'log.level'],
        ['GATEPOST_SECRET', 'secret'],
        ['GATEPOST_STORE', 'store'],
      ].map(([variable, key]) => `${variable} has no effect: the configuration file has ${key}`),
    );
  });

  it('takes what the file does not say from the environment', async () => {
    const env = environment({
      AUTHENTIK_LISTEN__HTTP: '127.0.0.1:9000',
      AUTHENTIK_LISTEN__METRICS: 'off',
      AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS: '10.0.0.0/8, ::1/128',
      AUTHENTIK_LOG_LEVEL: 'WARNING',
      GATEPOST_SECRET: SECRET,
      GATEPOST_STORE: 'redis://redis/1',
    });
    const { base, settings, notices } = await start(env);
    expect(base).toMatchObject({
      listen: { http: '127.0.0.1:9000', metrics: false },
      trusted_proxies: ['10.0.0.0/8', '::1/128'],
      log: { level: 'warn' },
      secret: [SECRET],
      store: 'redis://redis/1',
    });
    expect(settings).toMatchObject({ logLevelIsGiven: true, secretIsGiven: true });
    expect(notices).toEqual([]);
  });

  it('has the applications of the file, and each key of an override as it was written', async () => {
    const text = [
      APPLICATION,
      'outpost:',
      '  pass_client_ip: true',
      '  keep: 0',
      '  overrides:',
      '    grafana:',
      '      access: [{ path: ^/admin, groups: ["${GROUP}"] }]',
      '      skip_preflight: true',
      '      scopes: openid email',
      '    constructor: { basic: off }',
    ].join('\n');
    const { base, settings } = await start(environment({ GROUP: 'admins' }), text);
    expect(base.applications.map(({ slug }) => slug)).toEqual(['wiki']);
    expect(base.managed?.clientAddressToken).toBe(TOKEN);
    expect(settings).toMatchObject({ passClientIp: true, keepMs: 0 });
    expect(settings.overrides).toEqual({
      grafana: { access: [{ path: '^/admin', groups: ['admins'] }], skip_preflight: 'true', scopes: 'openid email' },
      constructor: { basic: 'off' },
    });
    // A slug is looked up in it, and authentik chooses the slugs.
    expect(settings.overrides.toString).toBeUndefined();
  });

  it('gives a snapshot', async () => {
    const { base } = await start(environment());
    expect([base, base.managed, base.managed?.reserved.hosts].every(Object.isFrozen)).toBe(true);
  });

  it('names every file that it was read from, for a reload', async () => {
    const host = write('https://auth.example.com\n');
    const { file, files } = await start(
      environment({ AUTHENTIK_HOST: `file://${host}` }),
      `secret_file: ${write(SECRET)}`,
    );
    expect([...files.keys()]).toEqual([file, host, expect.stringMatching(/txt$/)]);
  });

  it('keeps sessions where the key stays, and not with another token', async () => {
    const [one, same, other] = [
      await start(environment()),
      await start(environment()),
      await start(environment({ AUTHENTIK_TOKEN: 'y'.repeat(60) })),
    ];
    expect(one.base.secret).toEqual(same.base.secret);
    expect(one.base.secret).not.toEqual(other.base.secret);
    expect(one.base.secret[0]).not.toContain(TOKEN);
  });

  it('takes ${NAME} of the file for what the variable points to, not for its address', async () => {
    const secret = write(`${SECRET}${SECRET}\n`);
    const { base, notices } = await start(
      environment({ GATEPOST_SECRET: `file://${secret}` }),
      'secret: ["${GATEPOST_SECRET}"]',
    );
    expect(base.secret).toEqual([`${SECRET}${SECRET}`]);
    expect(notices).toEqual([]);
  });
});

it('takes the file that the documentation shows', async () => {
  // The page shows compose files and settings of authentik, too.
  const fences = readFences('yaml').filter(
    ({ place, code }) => place.includes('outpost.md') && /^outpost:/m.test(code),
  );
  expect(fences.length).toBeGreaterThan(0);
  for (const { code } of fences) expect((await start(environment(), code)).base.managed).toBeDefined();
});

describe('what authentik trusts by itself is no list of proxies', () => {
  it.each([
    [undefined, []],
    ['127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fe80::/10,::1/128', []],
    ['10.0.0.0/8', ['10.0.0.0/8']],
  ])('%s', async (cidrs, listed) => {
    const env = environment(cidrs === undefined ? {} : { AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS: cidrs });
    const { base } = await start(env);
    expect(listedProxies(base.trusted_proxies)).toEqual(listed);
    if (cidrs === undefined) expect(base.trusted_proxies).toEqual(expect.arrayContaining(['fc00::/7', 'fe80::/10']));
  });
});

describe('is said once at the start', () => {
  it.each([
    [{ AUTHENTIK_INSECURE: 'True' }, 'outpost.insecure', /certificate is not checked.*NODE_EXTRA_CA_CERTS/],
    [{ AUTHENTIK_LISTEN__HTTPS: '0.0.0.0:9443' }, 'outpost.no_https', /AUTHENTIK_LISTEN__HTTPS/],
    [{ HTTP_PROXY: 'http://p:3128' }, 'outpost.no_proxy', /^HTTP_PROXY is not used/],
    [{ https_proxy: 'http://p:3128', HTTPS_PROXY: 'http://p:3128' }, 'outpost.no_proxy', /HTTPS_PROXY and https_proxy/],
  ])('%s', async (more, event, message) => {
    const { notices } = await start(environment({ GATEPOST_SECRET: SECRET, ...more }));
    expect(notices).toEqual([expect.objectContaining({ event, message: expect.stringMatching(message) })]);
    expect(notices[0]?.level).toBe(event === 'outpost.insecure' ? 'warn' : 'info');
  });
});

describe('a start is refused', () => {
  it('with a token and no host', async () => {
    expect((await refusal({ AUTHENTIK_TOKEN: TOKEN })).message).toMatch(
      /^the environment: AUTHENTIK_HOST: is not set.*the URL of authentik$/,
    );
    expect((await refusal({ AUTHENTIK_TOKEN: TOKEN }, APPLICATION)).message).toMatch(/AUTHENTIK_HOST/);
  });

  it('with a host, and neither token nor file', async () => {
    expect((await refusal({ AUTHENTIK_HOST: 'https://auth.example.com' })).problems).toEqual([
      { key: 'AUTHENTIK_TOKEN', line: 0, message: expect.stringContaining('is not set') },
    ]);
  });

  it('with a file that has half of it', async () => {
    const { problems } = await refusal({}, 'workers: 1\noutpost:\n  insecure: true');
    expect(problems.map(({ key, line }) => [key, line])).toEqual([
      ['outpost.host', 2],
      ['outpost.token', 2],
    ]);
    expect(problems[1]?.message).toMatch(/^is required .* unless AUTHENTIK_TOKEN is set$/);
  });

  it('with a file that does not exist, or is no YAML', async () => {
    const error = await readOutpostStart({ file: join(folder, 'none.yaml'), env: environment() }).catch((e) => e);
    expect(error.message).toContain('none.yaml: the configuration file does not exist');
    expect((await refusal(environment(), 'a: [')).message).toMatch(/\.txt:1/);
  });

  it('with all that is wrong, each by its variable or its line', async () => {
    const env = {
      AUTHENTIK_HOST: 'ftp://auth.example.com',
      AUTHENTIK_TOKEN: 'short',
      AUTHENTIK_INSECURE: 'perhaps',
      AUTHENTIK_HOST_BROWSER: 'auth.example.com',
      AUTHENTIK_LISTEN__HTTP: '9000',
      AUTHENTIK_LISTEN__METRICS: '[::1',
      AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS: '10.0.0.0/8,10.0.0.0/80',
      AUTHENTIK_LOG_LEVEL: 'loud',
      GATEPOST_SECRET: 'short',
      GATEPOST_STORE: 'redis//x',
    };
    const { problems } = await refusal(env, 'outposst: {}\noutpost:\n  keep: 5\n  overrides: { a: { acess: [] } }');
    expect(problems.filter(({ line }) => line === 0).map(({ key }) => key)).toEqual(
      expect.arrayContaining(Object.keys(env)),
    );
    expect(problems.filter(({ line }) => line > 0).map(({ key, line }) => [key, line])).toEqual([
      ['outposst', 1],
      ['outpost.keep', 3],
      ['outpost.overrides.a.acess', 4],
    ]);
    expect(problems.find(({ line }) => line === 1)?.message).toContain('did you mean outpost?');
    expect(problems.find(({ line }) => line === 4)?.message).toContain('did you mean access?');
  });

  it('with references that lead nowhere, each said once', async () => {
    const env = Object.fromEntries(VARIABLES.map((name) => [name, 'env://NOWHERE']));
    const { problems } = await refusal(env);
    expect(problems).toEqual(
      VARIABLES.map((key) => ({ key, line: 0, message: 'names the environment variable NOWHERE, which is not set' })),
    );
  });

  it('with metrics where browsers are served', async () => {
    const { problems } = await refusal(environment({ AUTHENTIK_LISTEN__METRICS: '0.0.0.0:9000' }));
    expect(problems.map(({ key }) => key)).toEqual(['AUTHENTIK_LISTEN__METRICS']);
  });

  it('with several workers and no store that they share', async () => {
    const { problems } = await refusal(environment(), 'workers: 4');
    expect(problems.map(({ key, line }) => [key, line])).toEqual([['workers', 1]]);
    const { base } = await start(environment({ GATEPOST_STORE: 'redis://redis' }), 'workers: 4');
    expect(base.workers).toBe(4);
  });

  it.each([
    'external_host: https://x.example.com',
    'issuer: https://x.example.com',
    'access: [{ groups: [a], policy: public }]',
    'bearer: sometimes',
    'scopes: [email]',
    'claims: { grups: x }',
    'skip_preflight: perhaps',
  ])('with an override of %s', async (key) => {
    const { problems } = await refusal(environment(), `outpost: { overrides: { grafana: { ${key} } } }`);
    expect(problems[0]?.key).toMatch(/^outpost\.overrides\.grafana\./);
  });

  it('with the token that is none', async () => {
    const { problems } = await refusal(
      {},
      'outpost:\n  host: https://a.example.com\n  token: file:///run/secrets/token',
    );
    expect(problems).toEqual([{ key: 'outpost.token', line: 3, message: expect.stringContaining('token_file') }]);
  });
});

it('shows no part of a token or a secret in what it says', async () => {
  const hidden = 'q9'.repeat(15);
  const places = [
    'AUTHENTIK_HOST',
    'AUTHENTIK_TOKEN',
    'AUTHENTIK_INSECURE',
    'AUTHENTIK_HOST_BROWSER',
    'GATEPOST_STORE',
  ];
  const values = [
    hidden,
    `https://${hidden}@a.test`,
    `https://a.test/?${hidden}`,
    `${hidden} ${hidden}`,
    `\n${hidden}`,
  ];
  for (const place of [...places, 'AUTHENTIK_LOG_LEVEL', 'GATEPOST_SECRET'])
    for (const value of values) {
      const message = await start(environment({ [place]: value })).then(
        ({ notices }) => JSON.stringify(notices),
        (error: Error) => error.message,
      );
      expect(message, `${place}=${value}`).not.toContain('q9q9');
    }
  for (const value of values) {
    const text = `outpost: { host: "${value.trim()}", token: "${value.trim()}", host_browser: "${value.trim()}" }`;
    expect((await refusal({}, text)).message, text).not.toContain('q9q9');
  }
});
