import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { version } from '../../src/version.ts';
import { secret, yaml } from '../config/example.ts';
import { startProvider } from '../support/provider.ts';
import { configFile, gatepost } from './fixture.ts';

const good = configFile(yaml({ top: 'store: redis://:hunter2@redis:6379/0' }));
const bad = configFile(yaml({ top: 'workers: 0\nsecrets: hunter2', leaveOut: ['issuer'] }));
afterAll(() => {
  for (const { folder } of [good, bad]) rmSync(folder, { recursive: true });
});

it('says its version', async () => {
  expect(await gatepost(['--version'])).toEqual({ code: 0, out: version, errors: '' });
});

it('says what can be typed', async () => {
  const { code, out } = await gatepost(['--help']);
  expect(code).toBe(0);
  for (const command of ['serve', 'check', 'explain']) expect(out).toContain(command);
});

it.each([[['srve']], [['check', '--colour']], [['explain']]])('refuses %j with exit code 2', async (args) => {
  const { code, errors } = await gatepost(args);
  expect(code).toBe(2);
  expect(errors).toContain('error:');
});

// Attack: what others wrote moves the cursor of the operator's terminal, hides lines or makes it type.
it('prints no control character but the end of a line', async () => {
  const evil = configFile(yaml({ top: '"k\\e[2J\\x9b2J\\u202e": 1' }));
  for (const args of [
    ['check', '--config', evil.file],
    ['explain', 'https://a.com/', '--config', good.file, '--user', 'eve\u001b[2J\u009b2J\r'],
    ['check', '--\u001b[2J'],
  ]) {
    const { out, errors } = await gatepost(args);
    expect(`${out}${errors}`).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    expect(`${out}${errors}`).toMatch(/\\u001b|\\e/);
  }
  rmSync(evil.folder, { recursive: true });
});

describe('a configuration that cannot be used', () => {
  it.each([
    ['serve'],
    ['check'],
    ['explain', 'https://a.com/'],
  ])('ends %s with exit code 2 and one problem a line', async (...args) => {
    const { code, out, errors } = await gatepost([...args, '--config', bad.file]);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(errors.split('\n')).toEqual([
      `${bad.file}:2: workers: must be a whole number from 1 to 999, or auto; got "0"`,
      `${bad.file}:3: secrets: is an unknown key; did you mean secret?`,
      expect.stringMatching(/:6: applications\[0\]\.issuer: is required \(the URL of the OpenID provider/),
    ]);
  });

  it('that is missing is one line with its name', async () => {
    const { code, errors } = await gatepost(['check', '-c', '/nowhere/gatepost.yaml']);
    expect({ code, errors }).toEqual({
      code: 2,
      errors: '/nowhere/gatepost.yaml: the configuration file does not exist',
    });
  });
});

describe('gatepost check', () => {
  it('says what to register at the provider', async () => {
    const { code, out } = await gatepost(['check', '--config', good.file]);
    expect(code).toBe(0);
    expect(out).toContain('is valid: 1 application');
    expect(out).toMatch(
      /redirect URI +https:\/\/grafana\.example\.com\/outpost\.goauthentik\.io\/callback\?X-authentik-auth-callback=true$/m,
    );
    expect(out).toMatch(/client +grafana \(public: without a secret\)/);
  });

  it('prints the redirect URI that is used, also without its query', async () => {
    const { folder, file } = configFile(yaml({ application: 'redirect_uri_query: false' }));
    const { out } = await gatepost(['check', '--config', file]);
    rmSync(folder, { recursive: true });
    expect(out).toMatch(/redirect URI +https:\/\/grafana\.example\.com\/outpost\.goauthentik\.io\/callback$/m);
  });

  it('shows no secret', async () => {
    const { out } = await gatepost(['check', '--config', good.file]);
    expect(out).toMatch(/keeps sessions in +redis:\/\/…@redis:6379\/0/);
    expect(out).not.toContain(secret);
  });

  it('takes variables from the environment', async () => {
    const { folder, file } = configFile(yaml({ top: 'secret: ${S}' }));
    expect((await gatepost(['check', '--config', file], { S: secret })).code).toBe(0);
    expect((await gatepost(['check', '--config', file])).errors).toContain('environment variable S');
    rmSync(folder, { recursive: true });
  });
});

describe('gatepost check --json', () => {
  const check = async (text: string, ...more: string[]) => {
    const { folder, file } = configFile(text);
    const { code, out, errors } = await gatepost(['check', '--json', ...more, '--config', file]);
    rmSync(folder, { recursive: true });
    return { code, errors, report: JSON.parse(out) };
  };

  it('has what providers and proxies have to know of each application', async () => {
    expect(await check(yaml())).toEqual({
      code: 0,
      errors: '',
      report: {
        errors: [],
        warnings: [],
        applications: [
          {
            slug: 'grafana',
            redirect_uris: [
              'https://grafana.example.com/outpost.goauthentik.io/callback?X-authentik-auth-callback=true',
            ],
            cookie: '__Host-authentik_proxy_cace491b',
          },
        ],
      },
    });
  });

  it('has every error with key and line, and the same exit code', async () => {
    const { code, errors, report } = await check(yaml({ top: 'workers: 0' }));
    expect({ code, errors }).toEqual({ code: 2, errors: '' });
    expect(report).toEqual({
      errors: [{ key: 'workers', line: 2, message: expect.stringContaining('must be a whole number') }],
      warnings: [],
      applications: [],
    });
  });

  it('is also what a file that is no YAML, or is nowhere, gets', async () => {
    expect((await check('a: b: c')).report.errors).toMatchObject([{ key: '', line: 1 }]);
    const { code, out } = await gatepost(['check', '--json', '-c', '/nowhere/gatepost.yaml']);
    expect({ code, report: JSON.parse(out) }).toEqual({
      code: 2,
      report: {
        errors: [{ key: '', line: 0, message: 'the configuration file does not exist' }],
        warnings: [],
        applications: [],
      },
    });
  });

  it('succeeds with warnings alone', async () => {
    const { code, report } = await check(yaml({ top: 'trusted_proxies: [0.0.0.0/0]' }));
    expect([code, report.warnings]).toEqual([
      0,
      [{ key: 'trusted_proxies[0]', line: 2, message: expect.stringContaining('every address') }],
    ]);
  });

  it('has a provider that cannot be used as an error, with its application', async () => {
    const { code, report } = await check(yaml({ application: 'issuer: http://localhost:9' }), '--providers');
    expect([code, report.errors]).toEqual([
      1,
      [{ key: 'applications[0].issuer', line: 0, message: expect.stringContaining('cannot be used') }],
    ]);
  });
});

it('check prints a warning as editors link it', async () => {
  const { folder, file } = configFile(yaml({ top: 'trusted_proxies: [0.0.0.0/0]' }));
  const { code, out } = await gatepost(['check', '--config', file]);
  rmSync(folder, { recursive: true });
  expect([code, out.split('\n').at(-1)]).toEqual([
    0,
    expect.stringMatching(`^warning: ${file}:2: trusted_proxies\\[0\\]: 0.0.0.0/0 is every address`),
  ]);
});

describe('gatepost check --providers', () => {
  it('asks each issuer, and says what is wrong with it', async () => {
    const provider = await startProvider({
      clients: [{ client_id: 'grafana', redirect_uris: ['https://grafana.example.com/callback'] }],
    });
    const check = async (issuer: string) => {
      const { folder, file } = configFile(yaml({ application: `issuer: ${issuer}` }));
      const { code, out } = await gatepost(['check', '--providers', '--config', file]);
      rmSync(folder, { recursive: true });
      return [code, out.split('\n').at(-1)];
    };
    const { issuer } = provider;
    expect(await check(issuer)).toEqual([0, `the OpenID provider ${issuer} answers`]);
    expect(await check(`${issuer}/realms/x`)).toEqual([
      1,
      `the OpenID provider ${issuer}/realms/x cannot be used: it answers 404 at ${issuer}/realms/x/.well-known/openid-configuration; is the issuer right?`,
    ]);
    await provider.close();
  });

  it('asks at the address of discovery where that is another one', async () => {
    const { folder, file } = configFile(
      yaml({
        application:
          'issuer: http://127.0.0.1/x\nissuer_discovery_url: http://localhost:9/.well-known/openid-configuration',
      }),
    );
    const { code, out } = await gatepost(['check', '--providers', '--config', file]);
    rmSync(folder, { recursive: true });
    expect([code, out.split('\n').at(-1)]).toEqual([
      1,
      expect.stringContaining('the OpenID provider http://127.0.0.1/x cannot be used: http://localhost:9/.well-known/'),
    ]);
  });

  it('is asked for: without it check needs no network', async () => {
    const { code, out } = await gatepost(['check', '--config', good.file]);
    expect([code, out.includes('OpenID provider')]).toEqual([0, false]);
  });
});

it('serve says in a sentence that its port is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as { port: number };
  const { folder, file } = configFile(yaml({ top: `listen: { http: 127.0.0.1:${port}, metrics: off }` }));
  const { code, errors } = await gatepost(['serve', '--config', file]);
  expect({ code, errors }).toEqual({
    code: 1,
    errors: `gatepost: another program listens on 127.0.0.1:${port} already; listen.http names another address`,
  });
  taken.close();
  rmSync(folder, { recursive: true });
});
