import { describe, expect, test } from 'vitest';
import { isMarkedOtherwise, kindOf } from '../../src/provider/token_kind.ts';

const claims = { iss: 'https://id.example.com', aud: 'grafana', sub: 'u', scope: 'openid offline_access', jti: '7f' };

test.each([
  [{ typ: 'Bearer' }],
  [{ typ: 'ID' }],
  [{ typ: 'at+jwt' }],
  [{ token_use: 'access' }],
  [{ token_use: 'id' }],
  [{ token_type: 'access' }],
  [{ tokenType: 'access-token' }],
  [{ tokenName: 'id_token', tokenType: 'JWTToken' }],
  [{ token_usage: 'access_token' }],
  [{ tok_type: 'AT' }],
  [{ token_type: 'urn:ietf:params:oauth:token-type:access_token' }],
  [{ typ: 'Bearer', type: 'oauth-access-token' }],
])('%j is an access or ID token', (said) => expect(kindOf({ ...claims, ...said })).toBe('access_or_id'));

test.each([
  [{}],
  [{ typ: 'JWT' }],
  [{ type: 'employee', use: 7, kind: null }],
  [{ type: ['staff'], purpose: 'demo' }],
  [{ type: 'verified', kind: 'invited', use: 'postcode' }],
  [{ type: 'transaction', 'https://id.example.com/type': 'employee' }],
  [{ scope: 'refresh_token openid' }],
])('%j does not say what it is', (said) => expect(kindOf({ ...claims, ...said })).toBe('unnamed'));

// Attack: other tokens of the provider for the same client, as Bearer.
describe('a token of another kind', () => {
  test.each([
    [{ typ: 'Refresh' }],
    [{ typ: 'Offline' }],
    [{ typ: 'Logout' }],
    [{ typ: 'Serialized-ID' }],
    [{ typ: 'RegistrationAccessToken' }],
    [{ typ: 'InitialAccessToken' }],
    [{ typ: 'verify-email' }],
    [{ typ: 'reset-credentials' }],
    [{ typ: 'execute-actions' }],
    [{ typ: 'DPoP' }],
    [{ TYP: 'refresh' }],
    [{ token_use: 'refresh_token' }],
    [{ token_use: 'refresh' }],
    [{ token_use: 'impersonation' }],
    [{ token_use: '' }],
    [{ token_type: 'refresh' }],
    [{ token_type: 'refresh_token' }],
    [{ token_type: 'sliding' }],
    [{ tokenType: 'refresh-token' }],
    [{ tokenUse: 'refresh' }],
    [{ 'token-type': 'refresh' }],
    [{ token_usage: 'refresh_token' }],
    [{ tokenName: 'refresh_token', token_type: 'Bearer' }],
    [{ tok_type: 'RT' }],
    [{ token_use: 7 }],
    [{ token_use: null }],
    [{ token_type: ['Bearer'] }],
    [{ typ: { toString: 'Bearer' } }],
    [{ typ: 'Bearer', token_use: 'refresh' }],
    [{ type: 'refresh-token' }],
    [{ type: 'refresh' }],
    [{ type: ['refresh'] }],
    [{ purpose: 'refresh_token' }],
    [{ purpose: 'password-reset' }],
    [{ use: 'invitation' }],
    [{ kind: 'authorization_code' }],
    [{ type: 'email-verification' }],
    [{ type: 'verify_email' }],
    [{ token_type: 'code' }],
    [{ purpose: 'magic-link' }],
    [{ type: 'action' }],
    [{ purpose: 'action_token' }],
    [{ use: 'execute-actions' }],
    [{ kind: 'mfa-pending' }],
    [{ type: 'pre-auth' }],
    [{ token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }],
    [{ 'https://id.example.com/token_use': 'refresh' }],
    [{ 'urn:example:type': 'refresh-token' }],
    [{ scopes: ['REFRESH_TOKEN'], scope: undefined }],
    [{ scope: 'refresh' }],
    [{ jti: '0123456789abcdef0123456789abcdef-r' }],
    [{ events: {} }],
    [{ token_introspection: {} }],
    [{ htm: 'GET', htu: 'https://app.example.com' }],
  ])('%j', (said) => expect(kindOf({ ...claims, ...said })).toBe('other'));
});

test('an ID token of the token endpoint may have a claim of any name about the user', () => {
  expect(isMarkedOtherwise({ ...claims, typ: 'employee', token_use: 'x' })).toBe(false);
  expect(isMarkedOtherwise({ ...claims, typ: 'Refresh' })).toBe(true);
});
