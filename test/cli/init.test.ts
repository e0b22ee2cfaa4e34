import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initCommand } from '../../src/cli/init.ts';
import { inspectText } from '../../src/config/inspect.ts';
import { gatepost } from './fixture.ts';

let folder: string;
let out: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatepost-init-'));
  out = join(folder, 'gatepost.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

const flags = ['--host', 'https://grafana.acme.com', '--issuer', 'https://auth.acme.com/', '--client-id', 'grafana'];
const init = (...more: string[]) => gatepost(['init', '--out', out, ...more]);
const written = () => inspectText(readFileSync(out, 'utf8'), { env: {} });

/** A terminal where these lines are typed, one for each question. */
async function typed(lines: readonly string[], given: Parameters<typeof initCommand>[0] = {}) {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { isTTY: true });
  const left = [...lines];
  let [shown, answered] = ['', 0];
  output.on('data', (chunk: Buffer) => {
    shown += chunk;
    const asked = (shown.match(/\d\/5 /g) ?? []).length;
    if (asked === answered) return;
    answered = asked;
    const next = left.shift();
    setImmediate(() => (next === undefined ? input.end() : input.write(`${next}\r`)));
  });
  const said: string[] = [];
  const say = (line: string) => said.push(line);
  const code = await initCommand({ out, ...given }, { out: say, error: say, env: {} }, { input, output });
  return { code, shown, said: said.join('\n'), left };
}

describe('gatepost init', () => {
  it('writes a file that check accepts without a warning, and says what to register', async () => {
    const { code, out: said } = await init(...flags, '--client-secret', 's3cr3t', '--proxy', 'nginx');
    expect(code).toBe(0);
    expect(said).toContain('https://grafana.acme.com/outpost.goauthentik.io/callback?X-authentik-auth-callback=true');
    expect(said).toContain('https://grafana.acme.com/outpost.goauthentik.io/backchannel_logout');
    for (const step of ['check', 'doctor', 'snippet nginx', 'serve'])
      expect(said).toContain(`gatepost ${step} --config ${out}`);
    const { config, errors, warnings } = written();
    expect([errors, warnings()]).toEqual([[], []]);
    expect(config).toMatchObject({
      nginx_method_header: 'X-Original-Method',
      applications: [
        {
          name: 'Grafana',
          external_host: 'https://grafana.acme.com',
          issuer: 'https://auth.acme.com/',
          client_id: 'grafana',
          client_secret: 's3cr3t',
        },
      ],
    });
    expect((await gatepost(['check', '--config', out])).code).toBe(0);
  });

  it('makes a secret of its own each time, and lets this user alone read the file', async () => {
    await init(...flags, '--public');
    const [first] = written().config?.secret ?? [];
    expect(first).toMatch(/^[\w-]{43}$/);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    rmSync(out);
    await init(...flags, '--public');
    expect(written().config?.secret).not.toEqual([first]);
  });

  it.each([
    'nginx',
    'traefik',
    'caddy',
    'envoy',
    'haproxy',
    'ingress-nginx',
    'gateway-api',
    'compose',
    'none',
  ])('writes a file without a warning for %s', async (proxy) => {
    expect((await init(...flags, '--public', '--proxy', proxy)).code).toBe(0);
    expect(written()).toMatchObject({ errors: [] });
    expect(written().warnings()).toEqual([]);
  });

  it.each([
    'a"b',
    "it's: #1",
    '${HOME} $${x}',
    '\\n',
    '- x',
    'ł\u2028山',
    ' x ',
    '!tag',
    '*a',
    '%x',
  ])('keeps the text %j as it is', async (text) => {
    expect((await init(...flags, '--client-secret', text, '--name', text)).code).toBe(0);
    expect(written().config?.applications).toMatchObject([{ name: text, client_secret: text }]);
  });

  it('takes a host without scheme for https', async () => {
    await init('--host', 'nas.acme.com:8443', ...flags.slice(2), '--public');
    expect(written().config?.applications).toMatchObject([{ external_host: 'https://nas.acme.com:8443', name: 'Nas' }]);
  });

  it('reads the client secret from a file', async () => {
    const file = join(folder, 'secret');
    writeFileSync(file, 'from a file\n');
    expect((await init(...flags, '--client-secret-file', file)).code).toBe(0);
    expect(written().config?.applications).toMatchObject([{ client_secret: 'from a file' }]);
  });

  it('never writes over a file, nor through a link', async () => {
    writeFileSync(out, 'mine');
    expect(await init(...flags, '--public')).toMatchObject({
      code: 1,
      errors: `gatepost: ${out} exists already, and init never writes over a file: --out names another`,
    });
    expect(readFileSync(out, 'utf8')).toBe('mine');
    rmSync(out);
    symlinkSync(join(folder, 'elsewhere'), out);
    expect((await init(...flags, '--public')).code).toBe(1);
    expect(existsSync(join(folder, 'elsewhere'))).toBe(false);
  });

  it('names every option that is missing or wrong where nobody can be asked, and writes nothing', async () => {
    const { code, errors } = await init('--host', 'ftp://x', '--client-secret', 'hunter2\u0007');
    expect(code).toBe(1);
    expect(errors.split('\n')).toEqual([
      expect.stringMatching(/^error: --host must be scheme, host/),
      'error: --issuer is missing',
      'error: --client-id is missing',
      expect.stringMatching(/^error: --client-secret.* must be the client secret, on one line/),
      expect.stringMatching(/--host URL --issuer URL --client-id ID --client-secret-file FILE$/),
    ]);
    expect(errors).not.toContain('hunter2');
    expect(existsSync(out)).toBe(false);
  });

  it('refuses what the configuration would refuse', async () => {
    const { code, errors } = await init(
      ...flags.slice(0, 2),
      '--issuer',
      'http://auth.acme.com',
      '--client-id',
      'a',
      '--public',
    );
    expect([code, errors]).toEqual([1, expect.stringContaining('applications[0].issuer: must be https')]);
    expect(existsSync(out)).toBe(false);
  });

  it('names the JSON Schema for editors where the package is installed beside the file', async () => {
    await init(...flags, '--public');
    expect(readFileSync(out, 'utf8')).not.toContain('$schema');
    rmSync(out);
    const { name } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    mkdirSync(join(folder, 'node_modules', name, 'dist'), { recursive: true });
    writeFileSync(join(folder, 'node_modules', name, 'dist', 'gatepost.schema.json'), '{}');
    await init(...flags, '--public');
    const [first] = readFileSync(out, 'utf8').split('\n');
    expect(first).toBe(`# yaml-language-server: $schema=./node_modules/${name}/dist/gatepost.schema.json`);
    expect(written().errors).toEqual([]);
  });

  it('says in a sentence that a folder is missing', async () => {
    const { code, errors } = await gatepost(['init', ...flags, '--public', '--out', join(folder, 'no', 'x.yaml')]);
    expect([code, errors]).toEqual([1, expect.stringContaining('its folder does not exist')]);
  });
});

describe('gatepost init on a terminal', () => {
  const answers = ['grafana.acme.com', 'https://auth.acme.com', 'grafana', 'hunter2', 'caddy'];

  it('asks five questions', async () => {
    const { code, shown, said } = await typed(answers);
    expect(code).toBe(0);
    for (const number of [1, 2, 3, 4, 5]) expect(shown).toContain(`${number}/5 `);
    expect(said).toContain('gatepost snippet caddy');
    expect(written().config?.applications).toMatchObject([{ client_id: 'grafana', client_secret: 'hunter2' }]);
  });

  // Attack: the secret in the scrollback of a terminal that others see.
  it('shows what is typed, but not the client secret', async () => {
    const { shown } = await typed(answers);
    expect(shown).toContain('grafana.acme.com');
    expect(shown).not.toContain('hunter2');
  });

  it('asks again after an answer that is wrong', async () => {
    const { code, said } = await typed(['ftp://x', ...answers.slice(0, 4), 'apache', 'none']);
    expect(code).toBe(0);
    expect(said).toContain('must be scheme, host');
    expect(said).toContain('must be one of nginx, traefik');
  });

  it('takes answers that were pasted all at once', async () => {
    const { code } = await typed([answers.join('\r')]);
    expect(code).toBe(0);
    expect(written().config?.applications).toMatchObject([{ client_id: 'grafana', client_secret: 'hunter2' }]);
  });

  it('asks only for what no option says', async () => {
    const { code, left } = await typed(['grafana', '', 'none'], {
      host: 'https://a.acme.com',
      issuer: 'https://b.com',
    });
    expect([code, left]).toEqual([0, []]);
    expect(written().config?.applications[0]).not.toHaveProperty('client_secret');
  });

  it('writes nothing when the person ends it', async () => {
    const { code, said } = await typed(answers.slice(0, 3));
    expect([code, said]).toEqual([1, 'gatepost: nothing was written']);
    expect(existsSync(out)).toBe(false);
  });
});
