import { expect, test } from 'vitest';
import type { ApplicationConfig } from '../../src/config/schema/config.ts';
import { lacksNeededClaim, reportElsewhere } from '../../src/provider/needed_claims.ts';
import { makeApplication } from '../support/application.ts';

const full = { sub: 'u', preferred_username: 'alice', email: 'a@x', name: 'A', groups: [], entitlements: [] };
const application = (changes: Partial<ApplicationConfig>) =>
  makeApplication({ issuer: 'https://auth.example.com', scopes: ['openid', 'profile', 'email'], ...changes });
const lacks = (claims: object, changes: Partial<ApplicationConfig> = {}) =>
  lacksNeededClaim([{ ...full, ...claims }], application(changes));

test('a token with the claims of all headers is enough', () => {
  expect(lacks({})).toBe(false);
  expect(lacks({ email_verified: undefined, ak_proxy: undefined })).toBe(false);
});

test.each(['preferred_username', 'email', 'name', 'groups', 'entitlements'])('%s is needed', (name) => {
  expect(lacks({ [name]: undefined })).toBe(true);
  expect(lacks({ [name]: null })).toBe(true);
  expect(lacks({ [name]: '' })).toBe(true);
  expect(lacks({ [name]: [[]] })).toBe(true);
});

test('a claim is needed by the names that it is mapped to', () => {
  expect(lacks({ roles: [] }, { claims: { groups: ['roles'] } })).toBe(false);
  expect(lacks({}, { claims: { groups: ['roles'] } })).toBe(true);
  expect(lacks({}, { claims: { groups: ['roles', 'groups'] } })).toBe(false);
  expect(lacks({}, { claims: { sub: ['employee'] } })).toBe(true);
  expect(lacks({ employee: 7 }, { claims: { sub: ['employee'] } })).toBe(false);
});

test('attributes are needed by those who use them', () => {
  expect(lacks({}, { scopes: ['openid', 'ak_proxy'] })).toBe(true);
  expect(lacks({ ak_proxy: {} }, { scopes: ['openid', 'ak_proxy'] })).toBe(false);
  expect(lacks({}, { claims: { ak_proxy: ['attributes'] } })).toBe(true);
  expect(lacks({}, { basic_auth_enabled: true })).toBe(false);
  expect(lacks({}, { basic_auth_enabled: true, basic_auth_user_attribute: 'u' })).toBe(true);
  expect(lacks({}, { basic_auth_enabled: true, basic_auth_password_attribute: 'p' })).toBe(true);
  expect(lacks({}, { basic_auth_user_attribute: 'u' })).toBe(false);
});

// Attack: the ID token says nothing of an address that userinfo knows to be unverified.
test('whether an address is verified is needed by rules with emails', () => {
  const access = [{ policy: 'required' as const, emails: ['*@x'] }];
  expect(lacks({}, { access })).toBe(true);
  expect(lacks({ email_verified: false }, { access })).toBe(false);
  expect(lacks({ email_verified: true }, { access })).toBe(false);
  expect(lacks({}, { access: [{ policy: 'required', groups: ['a'] }] })).toBe(false);
});

test('whether an address is verified is needed by rules that want it verified', () => {
  const access = [{ policy: 'required' as const, email_verified: true }];
  expect([lacks({}, { access }), lacks({ email_verified: false }, { access })]).toEqual([true, false]);
});

test('claims that rules name are needed, by the names of the provider and by paths', () => {
  const access = [{ policy: 'required' as const, claims: { department: ['sales'], 'org.unit': ['7'] } }];
  expect(lacks({}, { access })).toBe(true);
  expect(lacks({ department: 'sales' }, { access })).toBe(true);
  expect(lacks({ department: 'finance', org: { unit: 7 } }, { access })).toBe(false);
  expect(lacks({ department: null, org: { unit: 7 } }, { access })).toBe(true);
  expect(lacks({ dept: 'sales', org: { unit: 7 } }, { access, claims: { department: ['dept'] } as never })).toBe(true);
});

test.each<[string, object, string[]]>([
  ['Entra', { groups: undefined, _claim_names: { groups: 'src1' }, _claim_sources: {} }, ['groups']],
  ['the implicit flow of Entra', { groups: undefined, hasgroups: true }, ['groups']],
  ['… as a text', { groups: null, hasgroups: 'true' }, ['groups']],
  ['another claim', { email: undefined, _claim_names: { email: 'src1' } }, ['email']],
  ['groups that are there all the same', { _claim_names: { groups: 'src1' }, hasgroups: true }, []],
  ['another claim that nobody needs', { groups: undefined, _claim_names: { wids: 'src1' } }, []],
  ['no object', { groups: undefined, _claim_names: 'groups' }, []],
  ['no groups at all', { groups: undefined, hasgroups: false }, []],
])('claims that the provider keeps elsewhere: %s', (_, claims, expected) => {
  const said: string[] = [];
  reportElsewhere([{ ...full, ...claims }], application({}), (claim) => said.push(claim));
  expect(said).toEqual(expected);
});

test('… by the name that the claim is mapped to', () => {
  const said: string[] = [];
  const mapped = application({ claims: { groups: ['roles'] } });
  reportElsewhere([{ ...full, _claim_names: { roles: 'src1' } }], mapped, (claim) => said.push(claim));
  expect(said).toEqual(['groups']);
});
