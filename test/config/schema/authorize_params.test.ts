import { expect, test } from 'vitest';
import { parse, problemsOf, yaml } from '../example.ts';

const params = (text: string) => yaml({ application: `authorize_params: ${text}` });

test('takes parameters of the provider, and each value as text', () => {
  const given = '{ prompt: login, max_age: 3600, acr_values: "urn:a urn:b", kc_idp_hint: github, claims: "{}" }';
  expect(parse(params(given)).applications[0]!.authorize_params).toEqual({
    prompt: 'login',
    max_age: '3600',
    acr_values: 'urn:a urn:b',
    kc_idp_hint: 'github',
    claims: '{}',
  });
  expect(parse(yaml()).applications[0]!.authorize_params).toEqual({});
});

// Attack: a parameter that protects the login, with a value that is the same at every login.
test.each([
  'state',
  'nonce',
  'client_id',
  'client_secret',
  'client_assertion',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'request',
  'request_uri',
  'STATE',
  'Response_Mode',
])('refuses %s by its name', (name) => {
  expect(problemsOf(params(`{ prompt: login, ${name}: x }`))).toEqual([
    expect.objectContaining({
      key: `applications[0].authorize_params.${name}`,
      message: expect.stringContaining(`cannot be set: ${name} protects the login`),
    }),
  ]);
});

test.each([
  '{ "a b": x }',
  '{ "a&state": x }',
  '{ "state ": x }',
  '{ prompt: [a, b] }',
  '{ prompt: "" }',
  '[prompt]',
  'prompt=login',
])('refuses %s', (text) => expect(problemsOf(params(text))[0]!.key).toMatch(/authorize_params/));
