import { describe, expect, test } from 'vitest';
import type { Rule } from '../../src/access/rules.ts';
import type { Authentication } from '../../src/auth/authenticate.ts';
import type { Application } from '../../src/decision/application.ts';
import { authorize } from '../../src/decision/authorize.ts';
import type { AuthRequest } from '../../src/dialects/dialect.ts';
import { requestUrl } from '../../src/dialects/forwarded_headers.ts';
import { isNavigation, prefersJson } from '../../src/http/request_kind.ts';
import type { LiveSession } from '../../src/sessions/sessions.ts';

const rule = (policy: Rule['policy'], principals = () => true): Rule => ({ name: policy, policy, principals });
const alice = { session: { user: { username: 'alice' } }, key: 'k', derived: {} } as unknown as LiveSession;

function question(more: Partial<AuthRequest> = {}): AuthRequest {
  const url = requestUrl('https', 'app.example.com', '/a?b=1', 'x');
  if ('kind' in url) throw new Error('unusable');
  return {
    kind: 'question',
    url,
    method: 'GET',
    client: undefined,
    peer: '127.0.0.1',
    headers: {},
    authorization: undefined,
    authorizationRepeated: false,
    noRedirect: false,
    redirects: true,
    ...more,
  };
}

function application(config: Record<string, unknown> = {}): Application {
  return {
    config: { name: 'App', skip_preflight: false, intercept_header_auth: false, ...config },
    slug: 'app',
    startUrl: 'https://app.example.com/outpost.goauthentik.io/start?rd=',
  } as unknown as Application;
}

const wish = (value: string) => question({ headers: { 'x-authentik-no-redirect': value } });
const asked = (query: string) => question({ url: { ...question().url, query } });
const decide = (rules: Rule[], identified: Authentication = {}, q = question(), app = application()) =>
  authorize(q, app, rules, identified);

describe('the rule', () => {
  test('deny is a no, even for somebody known', () =>
    expect(decide([rule('deny')], { subject: alice })).toMatchObject({ kind: 'forbid', reason: 'denied' }));
  test.each(['public', 'optional'] as const)('%s is a yes for nobody', (policy) =>
    expect(decide([rule(policy)])).toMatchObject({ kind: 'allow', subject: undefined }));
  test('optional is a yes with the identity that is there', () =>
    expect(decide([rule('optional')], { subject: alice })).toMatchObject({ kind: 'allow', subject: alice }));
  test('required is a yes for who may, a no for who may not, a login for nobody', () => {
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

describe('somebody who is not signed in', () => {
  test.each([
    [{}, 'no_credentials'],
    [{ expired: true }, 'session_expired'],
    [{ expired: true, refused: true }, 'credentials_refused'],
  ])('with %j hears %s', (identified, reason) =>
    expect(decide([rule('required')], identified)).toMatchObject({ kind: 'sign_in', reason }));

  test('is sent to the login with the way back', () =>
    expect(decide([rule('required')])).toMatchObject({
      redirect: true,
      challenge: false,
      loginUrl: 'https://app.example.com/outpost.goauthentik.io/start?rd=https%3A%2F%2Fapp.example.com%2Fa%3Fb%3D1',
    }));

  test('is not redirected where the proxy cannot', () =>
    expect(decide([rule('required')], {}, question({ redirects: false }))).toMatchObject({
      redirect: false,
      navigation: true,
      challenge: false,
    }));

  test.each([
    question({ noRedirect: 'all' }),
    wish(''),
    wish('basic, 1'),
    wish('basics'),
    asked('?a=1&X-Authentik-No-Redirect=0'),
    asked('?x-authentik-no-redirect&a=basic&xx-authentik-no-redirect=basic'),
  ])('is challenged instead of redirected when asked for', (q) =>
    expect(decide([rule('required')], {}, q)).toMatchObject({ redirect: false, challenge: 'all' }));

  test.each([
    question({ noRedirect: 'basic' }),
    wish('basic'),
    wish('BaSiC'),
    asked('?a=1&X-Authentik-No-Redirect=Basic'),
    asked('?x-authentik-no%2Dredirect=b%61sic'),
    asked('?x-authentik-no-redirect=basic&x-authentik-no-redirect=1'),
    { ...wish('1'), url: asked('?x-authentik-no-redirect=basic').url },
    { ...wish('basic'), noRedirect: 'all' as const },
  ])('is challenged for Basic alone where one of the wishes says so, refused or not', (q) => {
    const only = { redirect: false, challenge: 'basic' };
    const intercepting = application({ intercept_header_auth: true });
    expect(decide([rule('required')], {}, q)).toMatchObject(only);
    expect(decide([rule('required')], { refused: true }, q, intercepting)).toMatchObject(only);
    expect(decide([rule('required')], {}, { ...q, redirects: false })).toMatchObject(only);
  });

  test('the wish opens nothing and closes nothing', () => {
    expect(decide([rule('deny')], {}, wish('basic'))).toMatchObject({ kind: 'forbid' });
    expect(decide([rule('public')], {}, wish('basic'))).toMatchObject({ kind: 'allow' });
    expect(decide([rule('required')], { subject: alice }, wish('basic'))).toMatchObject({ kind: 'allow' });
  });

  test('is challenged after a refusal where the application intercepts', () => {
    const app = application({ intercept_header_auth: true });
    expect(decide([rule('required')], { refused: true }, question(), app)).toMatchObject({
      redirect: false,
      challenge: 'all',
    });
    expect(decide([rule('required')], {}, question(), app)).toMatchObject({ redirect: true, challenge: false });
    expect(decide([rule('required')], { refused: true })).toMatchObject({ redirect: true, challenge: false });
  });

  test('has to wait after too many refusals', () =>
    expect(decide([rule('required')], { refused: true, retryAfter: 30 })).toMatchObject({
      kind: 'rate_limited',
      retryAfter: 30,
    }));

  test('passes with a preflight where it is configured, else not', () => {
    const preflight = question({
      method: 'OPTIONS',
      headers: { origin: 'https://x', 'access-control-request-method': 'PUT' },
    });
    const skip = application({ skip_preflight: true });
    expect(decide([rule('required')], {}, preflight, skip)).toMatchObject({ kind: 'allow' });
    expect(decide([rule('required')], {}, preflight)).toMatchObject({ kind: 'sign_in', redirect: false });
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
  const withHeader = question({ authorization: 'Basic x' });
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
  [{ method: 'GET', headers: { accept: 'text/*;q=0.1' } }, true],
  [{ method: 'GET', headers: { accept: 'application/json' } }, false],
  [{ method: 'GET', headers: { accept: 'text/html;q=0, */*' } }, false],
  [{ method: 'POST', headers: {} }, false],
  [{ method: 'PROPFIND', headers: {} }, false],
  [{ method: 'GET', headers: { upgrade: 'websocket' } }, false],
  [{ method: 'GET', headers: { upgrade: 'WebSocket, foo' } }, false],
  [{ method: 'GET', headers: { upgrade: 'h2c' } }, true],
  [{ method: 'GET', headers: { 'x-requested-with': 'XMLHttpRequest' } }, false],
  [{ method: 'GET', headers: { 'sec-fetch-mode': 'cors', accept: 'text/html' } }, false],
  [{ method: 'POST', headers: { 'sec-fetch-mode': 'navigate' } }, true],
  [{ method: 'GET', headers: { 'sec-fetch-mode': 'websocket' } }, false],
  [{ method: 'GET', headers: { 'sec-fetch-mode': 'navigate, navigate' } }, false],
])('%j is a page visit: %s', (request, visit) =>
  expect(isNavigation(question(request as Partial<AuthRequest>))).toBe(visit));

test.each([
  [undefined, false],
  ['*/*', false],
  ['application/json', true],
  ['application/json, text/plain, */*', true],
  ['text/html, application/json;q=0.9', false],
  ['application/json;q=0.5, text/plain;q=0.4', true],
])('Accept: %s prefers JSON: %s', (accept, json) =>
  expect(prefersJson(question({ headers: accept === undefined ? {} : { accept } }))).toBe(json));

// Attack: after a quotation mark each comma costs another copy of all that came before it. With so many this would never end.
test('an Accept header that is longer than any program needs is not taken apart', () => {
  const asked = question({ headers: { accept: `text/html,"${','.repeat(2_000_000)}` } });
  expect(isNavigation(asked)).toBe(false);
  expect(prefersJson(asked)).toBe(false);
});
