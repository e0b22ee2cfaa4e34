import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { type JsonSchema, jsonSchema } from '../../src/config/json_schema.ts';
import { readFences, root } from '../docs/fences.ts';
import { secret, yaml } from './example.ts';

const schema = jsonSchema();
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strictRequired: false, strictTypes: false });
const validate = ajv.compile(schema);

/** What an editor would underline. */
function problems(text: string): string[] {
  validate(load(text));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

describe('the JSON Schema', () => {
  const whole = readFences('yaml').filter(({ code }) => /^applications:/m.test(code) && /^secret/m.test(code));
  const map: unknown = load(readFileSync(join(root, 'kubernetes/gatepost/config.yaml'), 'utf8'));
  const shipped = ['compose/gatepost.yaml', 'demo/gatepost.yaml'].map((path) => ({
    place: path,
    code: readFileSync(join(root, path), 'utf8'),
  }));
  it.each([
    ...whole,
    ...shipped,
    {
      place: 'kubernetes/gatepost/config.yaml',
      code: (map as { data: Record<string, string> }).data['gatepost.yaml']!,
    },
  ])('takes $place', ({ code }) => {
    expect(problems(code)).toEqual([]);
  });

  it('takes the smallest configuration, and a variable or a number in place of any text', () => {
    expect(problems(yaml({}))).toEqual([]);
    const top = 'workers: ${WORKERS:-4}\nlog: { level: "${LEVEL}" }\nsession_idle: ${IDLE}\noutpost_name: 7';
    expect(problems(yaml({ top, application: 'client_secret: 123\nskip_preflight: ${SKIP}\nmode: ${MODE}' }))).toEqual(
      [],
    );
  });

  it('takes secrets from files, and lists as a text', () => {
    const text = yaml({
      top: 'secret_file: [a, b]\nstore_file: s\nredis: { password_file: p }',
      application: 'client_secret_file: c\nscopes: openid email\nskip_path_regex: |\n  ^/a\n  ^/b',
    });
    expect(problems(text)).toEqual([]);
  });

  it.each([
    ['an unknown key', 'colour: red', ''],
    ['an unknown key of an application', '', 'colour: red'],
    ['an unknown key of a rule', '', 'access: [{ paht: ^/ }]'],
    ['a word that is none of those allowed', '', 'mode: forward_all'],
    ['a number out of range', 'limits: { refusals_per_address: 0 }', ''],
    ['a duration without unit', 'session_idle: 30', ''],
    ['a mapping in place of a list', '', 'access: { path: ^/ }'],
    ['a list in place of a text', '', 'client_id: [a]'],
    ['a key without a value', '', 'client_id:'],
    ['an address without port', 'listen: { http: localhost }', ''],
    ['a value and its file', 'secret_file: x\nsecret: "0123456789abcdef0123456789abcdef"', ''],
    ['the name of an application in defaults', 'defaults: { name: x }', ''],
  ])('refuses %s', (_, top, application) => {
    expect(problems(yaml({ top, application }))).not.toEqual([]);
  });

  it('refuses an application without what it needs, unless defaults have it', () => {
    expect(problems(yaml({ leaveOut: ['external_host'] }))).not.toEqual([]);
    expect(problems(yaml({ leaveOut: ['secret'] }))).not.toEqual([]);
    expect(problems(yaml({ leaveOut: ['issuer'] }))).not.toEqual([]);
    expect(problems(yaml({ leaveOut: ['issuer'], top: 'defaults: { issuer: https://a.com }' }))).toEqual([]);
    expect(problems(`secret: ${secret}\napplications: []`)).not.toEqual([]);
  });

  it('wants neither secret nor applications of a file with outpost', () => {
    const overrides =
      'overrides: { grafana: { skip_preflight: true, access: [{ groups: [admins] }], scopes: openid } }';
    for (const text of [
      'outpost: {}',
      `outpost: { host: "https://a.com", token_file: t, insecure: true, keep: 0, ${overrides} }`,
      `outpost: { keep: 7d }\napplications: []\nsecret_file: s`,
    ])
      expect(problems(text), text).toEqual([]);
    for (const text of [
      'outpost: { hosts: x }',
      'outpost: { token: a, token_file: b }',
      'outpost: { keep: 5 }',
      'outpost: { overrides: { grafana: { issuer: "https://a.com" } } }',
      'outpost: {}\nsecret: a\nsecret_file: b',
    ])
      expect(problems(text), text).not.toEqual([]);
  });

  it('describes every key, and each example and default is valid', () => {
    const seen: string[] = [];
    const visit = ({ properties = {}, items, anyOf }: JsonSchema, path: string): void => {
      for (const part of [items, anyOf].flat()) if (part) visit(part as JsonSchema, path);
      for (const [key, value] of Object.entries(properties as Record<string, JsonSchema>)) {
        const at = `${path}.${key}`;
        seen.push(at);
        // Authentik's claims are described where `claims` is.
        if (!/\.claims\./.test(at)) expect(value.description, at).toMatch(/\.$/);
        const { examples = [], ...rest } = value;
        for (const one of [...(examples as unknown[]), ...('default' in rest ? [rest.default] : [])])
          expect(ajv.validate(rest, one), `${at}: ${JSON.stringify(one)} ${ajv.errorsText()}`).toBe(true);
        visit(value, at);
      }
    };
    visit(schema, '');
    expect(seen).toEqual(expect.arrayContaining(['.listen.http', '.applications.access.path', '.defaults.scopes']));
  });
});
