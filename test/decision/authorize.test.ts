import { describe, expect, test } from 'vitest';
import type { Rule } from '../../src/access/rule.ts';
import type { ApplicationConfig } from '../../src/config/schema/config.ts';
import { compileApplication } from '../../src/decision/application.ts';
import type { Authentication } from '../../src/decision/authentication.ts';
import { authorize, authorizeAnyone } from '../../src/decision/authorize.ts';
import type { AuthRequest } from '../../src/decision/request.ts';
import { isNavigation, prefersJson } from '../../src/http/request_kind.ts';
import type { LiveSession } from '../../src/sessions/session.ts';
import { makeApplication } from '../support/application.ts';
import { makeRequest } from '../support/auth_request.ts';

const rule = (policy: Rule['policy'], principals = () => true): Rule => ({ name: policy, policy, principals });
const user = { username: 'alice', groups: [], entitlements: [], email: '', name: '', uid: 'u', attributes: {} };
const times = { createdAt: 0, tokenIssuedAt: 0, tokenExpiresAt: 0, expiresAt: 0 };
const madeFor = { application: 'app', configuredIssuer: '', clientId: 'app' };
const alice: LiveSession = {
  session: { ...madeFor, issuer: '', sub: 'u', user, jwt: '', idToken: '', authMethod: 'login', ...times },
  key: 'k',
};

const request = (more: Partial<AuthRequest> = {}) => makeRequest(more, '/a?b=1');

const application = (config: Partial<ApplicationConfig> = {}) =>
  compileApplication(
    makeApplication({
      name: 'App',
      external_host: 'https://app.example.com',
      issuer: 'https://id.example.com',
      ...config,
    }),
  );

const wish = (value: string) => request({ headers: { 'x-authentik-no-redirect': value } });
const asked = (query: string) => request({ url: { ...request().url, query } });
const decide = (rules: Rule[], authentication: Authentication = {}, q = request(), app = application()) => {
  const match = { request: q, application: app, rules };
  return authorizeAnyone(match) ?? authorize(match, authentication);
};

describe('the rule', () => {
  test('deny refuses a known user too', () =>
    expect(decide([rule('deny')], { subject: alice })).toMatchObject({ kind: 'forbid', reason: 'denied' }));
  test.each(['public', 'optional'] as const)('%s admits a client that is not signed in', (policy) => {
    const decision = decide([rule(policy)]);
    expect(decision.kind).toBe('allow');
    expect('subject' in decision && decision.subject).toBeFalsy();
  });
  test('optional admits with the identity that is there', () =>
    expect(decide([rule('optional')], { subject: alice })).toMatchObject({ kind: 'allow', subject: alice }));
  test('required admits permitted users, refuses other users, and sends clients without a session to sign in', () => {
    expect(decide([rule('required')], { subject: alice })).toMatchObject({ kind: 'allow', subject: alice });
    expect(decide([rule('required', () => false)], { subject: alice })).toMatchObject({
      kind: 'forbid',
      rule: 'required',
      reason: 'forbidden',
    });
    expect(decide([rule('required')])).toMatchObject({ kind: 'sign_in' });
  });
  test('the strictest of several decides', () => {
    expect(decide([rule('required'), rule('deny')], { subject: alice })).toMatchObject({ reason: 'denied' });
    expect(decide([rule('required'), rule('required', () => false)], { subject: alice })).toMatchObject({
      reason: 'forbidden',
    });
  });
});

// Attack: `root ` is `root` to the application.
describe('an identity that cannot be passed on', () => {
  const session = { ...alice.session, user: { ...user, username: 'root ' } };
  const subject = { ...alice, session };
  test.each(['required', 'optional'] as const)('is refused by a rule that would pass it on: %s', (policy) => {
    expect(decide([rule(policy)], { subject })).toMatchObject({
      kind: 'forbid',
      reason: 'unusable_identity',
      message: expect.stringContaining('preferred_username'),
      subject,
    });
    expect(decide([rule(policy, () => false)], { subject })).toMatchObject({ reason: 'unusable_identity' });
  });
  test('is nobody to a public rule, and denied by one that denies', () => {
    expect(decide([rule('public')], { subject })).not.toHaveProperty('subject', subject);
    expect(decide([rule('deny')], { subject })).toMatchObject({ reason: 'denied' });
  });
});

describe('a client that is not signed in', () => {
  test.each([
    [{}, 'no_credentials'],
    [{ expired: true }, 'session_expired'],
    [{ expired: true, refused: true }, 'credentials_refused'],
  ])('with %j hears %s', (identified, reason) =>
    expect(decide([rule('required')], identified)).toMatchObject({ kind: 'sign_in', reason }));

  test('is sent to the login with the way back', () =>
    expect(decide([rule('required')])).toMatchObject({
      presentation: 'page',
      loginUrl: 'https://app.example.com/outpost.goauthentik.io/start?rd=https%3A%2F%2Fapp.example.com%2Fa%3Fb%3D1',
    }));

  test.each([
    request({ noRedirect: 'all' }),
    wish(''),
    wish('basic, 1'),
    wish('basics'),
    asked('?a=1&X-Authentik-No-Redirect=0'),
    asked('?x-authentik-no-redirect&a=basic&xx-authentik-no-redirect=basic'),
  ])('is challenged instead of redirected when asked for', (q) =>
    expect(decide([rule('required')], {}, q)).toMatchObject({ presentation: 'challenge' }));

  test.each([
    request({ noRedirect: 'basic' }),
    wish('basic'),
    wish('BaSiC'),
    asked('?a=1&X-Authentik-No-Redirect=Basic'),
    asked('?x-authentik-no%2Dredirect=b%61sic'),
    asked('?x-authentik-no-redirect=basic&x-authentik-no-redirect=1'),
    { ...wish('1'), url: asked('?x-authentik-no-redirect=basic').url },
    { ...wish('basic'), noRedirect: 'all' as const },
  ])('is challenged for Basic alone where one of the wishes says so, refused or not', (q) => {
    const only = { presentation: 'basic_challenge' };
    const intercepting = application({ intercept_header_auth: true });
    expect(decide([rule('required')], {}, q)).toMatchObject(only);
    expect(decide([rule('required')], { refused: true }, q, intercepting)).toMatchObject(only);
  });

  test('the wish opens nothing and closes nothing', () => {
    expect(decide([rule('deny')], {}, wish('basic'))).toMatchObject({ kind: 'forbid' });
    expect(decide([rule('public')], {}, wish('basic'))).toMatchObject({ kind: 'allow' });
    expect(decide([rule('required')], { subject: alice }, wish('basic'))).toMatchObject({ kind: 'allow' });
  });

  test('is challenged after a refusal where the application intercepts', () => {
    const app = application({ intercept_header_auth: true });
    expect(decide([rule('required')], { refused: true }, request(), app)).toMatchObject({ presentation: 'challenge' });
    expect(decide([rule('required')], {}, request(), app)).toMatchObject({ presentation: 'page' });
    expect(decide([rule('required')], { refused: true })).toMatchObject({ presentation: 'page' });
  });

  test('has to wait after too many refusals', () =>
    expect(decide([rule('required')], { refused: true, retryAfter: 30 })).toMatchObject({
      kind: 'rate_limited',
      retryAfter: 30,
    }));

  test('passes with a preflight where it is configured, else not', () => {
    const preflight = request({
      method: 'OPTIONS',
      headers: { origin: 'https://x', 'access-control-request-method': 'PUT' },
    });
    const skip = application({ skip_preflight: true });
    expect(decide([rule('required')], {}, preflight, skip)).toMatchObject({ kind: 'allow' });
    expect(decide([rule('required')], {}, preflight)).toMatchObject({ kind: 'sign_in', presentation: 'plain' });
    expect(decide([rule('deny')], {}, preflight, skip)).toMatchObject({ kind: 'forbid' });
    expect(decide([rule('required')], {}, { ...preflight, method: undefined }, skip)).toMatchObject({
      kind: 'sign_in',
    });
    expect(decide([rule('required')], {}, { ...preflight, headers: { origin: 'https://x' } }, skip)).toMatchObject({
      kind: 'sign_in',
    });
  });
});

describe('the client’s Authorization', () => {
  const withHeader = request({ authorization: 'Basic x' });
  test('is passed on where it was not used', () =>
    expect(decide([rule('required')], { subject: alice }, withHeader)).toMatchObject({ authorization: 'Basic x' }));
  test('is not passed on where it was used', () =>
    expect(decide([rule('required')], { subject: alice, credentialConsumed: true }, withHeader)).toMatchObject({
      authorization: undefined,
    }));
});

test.each([
  [{ method: 'GET', headers: {} }, true],
  [{ method: undefined, headers: {} }, true],
  [{ method: 'HEAD', headers: { accept: '*/*' } }, true],
  [{ method: 'GET', headers: { accept: '*/*;q=0.8' } }, true],
  [{ method: 'GET', headers: { accept: 'text/html' } }, true],
  [{ method: 'GET', headers: { accept: 'TEXT/HTML;q=0.1, */*' } }, true],
  [{ method: 'GET', headers: { accept: 'application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' } }, true],
  [{ method: 'GET', headers: { accept: 'text/*;q=0.1' } }, false],
  [{ method: 'GET', headers: { accept: 'image/avif,image/webp,*/*;q=0.8' } }, false],
  [{ method: 'GET', headers: { accept: 'text/css,*/*;q=0.1' } }, false],
  [{ method: 'GET', headers: { accept: 'application/json, text/plain, */*' } }, false],
  [{ method: 'GET', headers: { accept: 'text/html;q=0' } }, false],
  [{ method: 'GET', headers: { accept: 'text/html;q=0.000, application/json' } }, false],
  [{ method: 'GET', headers: { accept: '*/*;q=0' } }, false],
  [{ method: 'GET', headers: { accept: '' } }, false],
  [{ method: 'GET', headers: { accept: 'application/json;x="text/html"' } }, false],
  [{ method: 'GET', headers: { accept: 'application/json' } }, false],
  [{ method: 'GET', headers: { accept: 'text/html;q=0, */*' } }, false],
  [{ method: 'POST', headers: {} }, false],
  [{ method: 'PROPFIND', headers: {} }, false],
  [{ method: 'GET', headers: { upgrade: 'websocket' } }, false],
  [{ method: 'GET', headers: { upgrade: 'WebSocket, foo' } }, false],
  [{ method: 'GET', headers: { upgrade: 'h2c' } }, true],
  [{ method: 'GET', headers: { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' } }, false],
  [{ method: 'GET', headers: { 'x-requested-with': 'XMLHttpRequest' } }, false],
  [{ method: 'GET', headers: { 'sec-fetch-mode': 'cors', accept: 'text/html' } }, false],
  [{ method: 'POST', headers: { 'sec-fetch-mode': 'navigate' } }, true],
  [{ method: 'GET', headers: { 'sec-fetch-mode': 'websocket' } }, false],
  [{ method: 'GET', headers: { 'sec-fetch-mode': 'navigate, navigate' } }, false],
])('%j is a navigation: %s', (fields, navigation) =>
  expect(isNavigation(request(fields as Partial<AuthRequest>))).toBe(navigation));

test.each([
  [undefined, false],
  ['*/*', false],
  ['application/json', true],
  ['application/json, text/plain, */*', true],
  ['text/html, application/json;q=0.9', false],
  ['application/json;q=0.5, text/plain;q=0.4', true],
])('Accept: %s prefers JSON: %s', (accept, json) =>
  expect(prefersJson(request({ headers: accept === undefined ? {} : { accept } }))).toBe(json));

// Attack: after a quotation mark each comma costs another copy of all that came before it. With so many this would never end.
test('an Accept header that is longer than any program needs is not taken apart', () => {
  const asked = request({ headers: { accept: `text/html,"${','.repeat(2_000_000)}` } });
  expect(isNavigation(asked)).toBe(false);
  expect(prefersJson(asked)).toBe(false);
});
