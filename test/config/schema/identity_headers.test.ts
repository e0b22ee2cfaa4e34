import { expect, test } from 'vitest';
import { parse, problemsOf, yaml } from '../example.ts';

const written = (text: string) => yaml({ application: `identity_headers: ${text}` });
const read = (text: string) => parse(written(text)).applications[0]!.identity_headers;

test.each<[string, string, object]>([
  ['nothing', '{}', { preset: 'authentik', headers: {} }],
  ['a preset alone', '{ preset: oauth2-proxy }', { preset: 'oauth2-proxy', headers: {} }],
  ['a preset as one word', 'authelia', { preset: 'authelia', headers: {} }],
  [
    'headers alone',
    '{ X-WEBAUTH-USER: preferred_username }',
    { preset: 'authentik', headers: { 'X-WEBAUTH-USER': 'preferred_username' } },
  ],
  [
    'both',
    '{ preset: none, X-User: email, X-Dept: org.department }',
    { preset: 'none', headers: { 'X-User': 'email', 'X-Dept': 'org.department' } },
  ],
  [
    'headers in a mapping of their own',
    '{ preset: none, headers: { X-User: email } }',
    { preset: 'none', headers: { 'X-User': 'email' } },
  ],
])('takes %s', (_, text, value) => expect(read(text)).toEqual(value));

test('is authentik where it is left out, and comes from defaults', () => {
  expect(parse(yaml()).applications[0]!.identity_headers).toEqual({ preset: 'authentik', headers: {} });
  const top = 'defaults: { identity_headers: { preset: none, X-User: username } }';
  expect(parse(yaml({ top })).applications[0]!.identity_headers).toEqual({
    preset: 'none',
    headers: { 'X-User': 'username' },
  });
});

// Attack: a header that a proxy, CGI or the application reads as the client's address, host, cookie or identity.
test.each([
  'X-authentik-username',
  'x-Authentik-Anything',
  'Authorization',
  'Cookie',
  'Set-Cookie',
  'Host',
  'Location',
  'Content-Length',
  'Content-Type',
  'Connection',
  'Transfer-Encoding',
  'Forwarded',
  'X-Forwarded-User',
  'X-Forwarded-For',
  'X-Original-URL',
  'X-Real-IP',
  'X-Gatepost-Reason',
  'Proxy',
  'X_User',
  'X.User',
  '-User',
  'no token',
  'Ünicode',
])('refuses the header %s', (name) => {
  expect(problemsOf(written(`{ ${JSON.stringify(name)}: email }`))).toEqual([
    expect.objectContaining({ key: `applications[0].identity_headers.${name}` }),
  ]);
});

test('refuses one header twice, whatever its letters', () => {
  const [problem] = problemsOf(written('{ Remote-User: email, headers: { remote-user: name } }'));
  expect(problem).toMatchObject({
    key: 'applications[0].identity_headers.headers.remote-user',
    message: 'is the same header as Remote-User',
  });
});

test.each([
  ['oauth2', 'must be one of authentik, oauth2-proxy, authelia, none'],
  ['{ preset: proxy }', 'must be one of authentik, oauth2-proxy, authelia, none'],
  ['[X-User]', 'must be a preset'],
  ['{ X-User: }', 'is empty: must be the name or path of a claim'],
  ['{ X-User: [email] }', 'must be the name or path of a claim'],
  ['{ headers: email }', 'must be a mapping of header names to claims'],
])('refuses %s', (text, message) => expect(problemsOf(written(text))[0]!.message).toContain(message));
