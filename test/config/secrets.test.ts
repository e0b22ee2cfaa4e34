import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, problemsOf, secret, yaml } from './example.ts';

describe('a reference to the environment', () => {
  const name = (value: string, env = {}) =>
    parse(yaml({ application: `name: ${value}\nslug: s` }), env).applications[0]!.name;

  it.each([
    ['${A}', 'Ada', { A: 'Ada' }],
    ['"${A} and ${B}"', 'Ada and Bob', { A: 'Ada', B: 'Bob' }],
    ['${A:-Eve}', 'Eve', {}],
    ['${A:-Eve}', 'Eve', { A: '' }],
    ['"${A:-two words: here}"', 'two words: here', {}],
    ['${A:-Eve}', 'Ada', { A: 'Ada' }],
    ['$${A}', '${A}', { A: 'Ada' }],
    ['$A', '$A', { A: 'Ada' }],
    ['cost$', 'cost$', {}],
    ['"${A}"', '${B}', { A: '${B}', B: 'twice' }],
  ])('%s is %s with %o', (written, value, env) => {
    expect(name(written, env)).toBe(value);
  });

  it('gives numbers and booleans where those are wanted', () => {
    const env = { AGE: '7d', WORKERS: '3', QUERY: 'true', FLAG: 'false', OFF: 'off' };
    const text = yaml({
      top: 'session_max_age: ${AGE}\nworkers: ${WORKERS}\nstore: redis://r\nlog: { query: "${QUERY}" }\nlisten: { metrics: "${OFF}" }',
      application: 'skip_preflight: ${FLAG}',
    });
    expect(parse(text, env)).toMatchObject({
      session_max_age: 604_800_000,
      workers: 3,
      log: { query: true },
      listen: { metrics: false },
    });
  });

  it('cannot bring in keys, lists or comments: its value is text', () => {
    const evil = 'x\n    access: [{ policy: public }] # "';
    expect(problemsOf(yaml({ application: 'client_id: ${EVIL}' }), { EVIL: evil })).toEqual([
      { key: 'applications[0].client_id', line: 7, message: expect.stringContaining('control characters') },
    ]);
    const flow = parse(yaml({ application: 'client_id: ${EVIL}' }), { EVIL: 'a }, { policy: public' });
    expect(flow.applications[0]!.client_id).toBe('a }, { policy: public');
    expect(flow.applications[0]!.access).toEqual([]);
  });

  it('to a variable that is not set is an error that names it, and the only one', () => {
    expect(problemsOf(yaml({ top: 'secret: ${GATEPOST_SECRET}\nworkers: ${NUMBER}' }))).toEqual([
      { key: 'secret', line: 1, message: 'needs the environment variable GATEPOST_SECRET, which is not set' },
      { key: 'workers', line: 2, message: 'needs the environment variable NUMBER, which is not set' },
    ]);
  });

  it.each(['${}', '${1}', '${A-b}', '${A', '${A:-${B}}'])('%s is an error that shows the right forms', (written) => {
    expect(problemsOf(yaml({ application: `name: "${written}"` }), { A: 'a', B: 'b' })).toEqual([
      {
        key: 'applications[0].name',
        line: 7,
        message: expect.stringContaining('neither ${NAME} nor ${NAME:-default}'),
      },
    ]);
  });

  it('in a list behind an alias is replaced once', () => {
    const text = yaml({ application: 'scopes: &s [openid, "${S}"]\nbearer_audiences: *s' });
    expect(parse(text, { S: '$${x}' }).applications[0]!.bearer_audiences).toEqual(['openid', '$${x}']);
  });
});

describe('a secret from a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  it('is read without the line break at its end, spaces kept', () => {
    const text = yaml({
      top: `secret_file: ${file('secret', `${secret} \r\n`)}\nstore_file: ${file('store', 'redis://:pw@r\n')}`,
      application: `client_secret_file: ${file('client', ' pass word\n')}`,
      leaveOut: ['secret'],
    });
    const config = parse(text);
    expect(config.secret).toEqual([`${secret} `]);
    expect(config.store).toBe('redis://:pw@r');
    expect(config.applications[0]!.client_secret).toBe(' pass word');
  });

  it('may be several files for secret, and their names may come from the environment', () => {
    file('new', 'n'.repeat(32));
    file('old', 'o'.repeat(32));
    const text = yaml({ top: `secret_file: ["\${DIR}/new", "\${DIR}/old"]`, leaveOut: ['secret'] });
    expect(parse(text, { DIR: folder }).secret).toEqual(['n'.repeat(32), 'o'.repeat(32)]);
  });

  it('may be a key of several lines, which is checked', () => {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const text = yaml({ application: `client_key_file: ${file('key.pem', pem)}` });
    expect(parse(text).applications[0]!.client_key).toBe(pem.trimEnd());
    const wrong = 'c2VjcmV0IGtleQ';
    const problems = problemsOf(yaml({ application: `client_key_file: ${file('wrong.pem', wrong)}` }));
    expect(problems).toEqual([
      { key: 'applications[0].client_key', line: 8, message: expect.stringContaining('must be a private key') },
    ]);
    expect(JSON.stringify(problems)).not.toContain(wrong);
  });

  it('and in the configuration too is an error', () => {
    const both = yaml({ application: `client_secret: a\nclient_secret_file: ${file('client', 'b')}` });
    expect(problemsOf(both)).toEqual([
      {
        key: 'applications[0].client_secret_file',
        line: 9,
        message: 'and client_secret exclude each other: keep one of them',
      },
    ]);
  });

  it.each([
    ['that does not exist', () => join(folder, 'nothing'), 'does not exist'],
    ['that is a folder', () => folder, 'is a folder'],
    ['that is too short', () => file('short', 'short'), '32 characters'],
    ['that is empty', () => file('empty', '\n'), 'is empty'],
    ['without a name', () => '""', 'must be the path of a file'],
  ])('%s is one error', (_, path, part) => {
    const problems = problemsOf(yaml({ top: `secret_file: ${path()}`, leaveOut: ['secret'] }));
    expect(problems).toEqual([
      { key: expect.stringMatching(/^secret(_file)?$/), line: 1, message: expect.stringContaining(part) },
    ]);
  });
});

it('never shows a secret in an error', () => {
  const hidden = 'hunter2';
  const texts = [
    yaml({ top: `secret: ${hidden}` }),
    yaml({ top: `store: redis://:${hidden}@a:b` }),
    yaml({ top: `store: redis://:${hidden}%@a` }),
    yaml({ top: `store: ${hidden}` }),
    yaml({ application: `client_secret: "${hidden}\\u0007"` }),
    yaml({ application: `client_secret: [${hidden}]` }),
    yaml({ application: `client_secret: { a: ${hidden} }` }),
    yaml({ application: `client_secrets: ${hidden}` }),
    yaml({ application: `client_secret: "${hidden}` }),
    yaml({ application: `client_secret: "${hidden}\\q"` }),
    yaml({ application: `client_secret: @${hidden}` }),
    yaml({ application: `client_secret: *${hidden}` }),
    yaml({ application: `client_secret: ${hidden}: ${hidden}` }),
    yaml({ application: `client_secret: | ${hidden}` }),
    yaml({ application: `issuer: https://user:${hidden}@idp.example.com/` }),
    yaml({ top: `secret: ${hidden}\n  ${hidden}: a` }),
    hidden,
  ];
  for (const text of texts) expect(JSON.stringify(problemsOf(text)), text).not.toContain(hidden);
});
