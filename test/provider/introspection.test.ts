import { describe, expect, test } from 'vitest';
import { processIntrospectionResponse } from '../../src/provider/introspection.ts';

const NOW = 1_800_000_000_000;
const expected = {
  application: {
    client_id: 'grafana',
    bearer_audiences: ['api'],
    issuer: 'https://id.example.com',
    allowed_issuers: [],
  },
  issuer: 'https://id.example.com',
  now: NOW,
};
const process = (response: Record<string, unknown>) =>
  processIntrospectionResponse(
    { kind: 'response', response: { active: true, sub: 'u', client_id: 'grafana', ...response } },
    expected,
  );

describe('the end of a token in an introspection response', () => {
  test.each([
    ['a number', 1_800_000_060, 1_800_000_060],
    ['the text of a number', '1800000060', 1_800_000_060],
    ['missing: a minute', undefined, 1_800_000_060],
    ['null: a minute', null, 1_800_000_060],
  ])('%s', (_, exp, end) =>
    expect(process({ exp })).toMatchObject({
      kind: 'verified',
      claims: { exp: end },
      namesEnd: exp !== undefined && exp !== null,
    }));

  test.each([
    ['past', 1_799_999_999, 'wrong_time'],
    ['past, as text', '1799999999', 'wrong_time'],
    ['no number', 'tomorrow', 'invalid_response'],
    ['an object', {}, 'invalid_response'],
    ['infinite', Number.POSITIVE_INFINITY, 'invalid_response'],
  ])('%s is a rejection', (_, exp, reason) => expect(process({ exp })).toMatchObject({ kind: 'rejected', reason }));
});

test.each([
  [{ iss: 'https://evil.example.com' }, 'wrong_issuer'],
  [{ cnf: {} }, 'wrong_type'],
  [{ active: 'true' }, 'inactive_token'],
  [{ active: 1 }, 'inactive_token'],
  [{ sub: '' }, 'invalid_token'],
  [{ sub: 7 }, 'invalid_token'],
  [{ nbf: 1_800_000_061 }, 'wrong_time'],
  [{ nbf: '1800000061' }, 'wrong_time'],
  [{ nbf: 1_800_000_059 }, undefined],
  [{ nbf: 'soon' }, 'invalid_response'],
  [{ iat: 1_800_000_061 }, 'wrong_time'],
  [{ iat: {} }, 'invalid_response'],
])('%j is %s', (response, reason) =>
  expect(process(response)).toMatchObject(reason ? { kind: 'rejected', reason } : { kind: 'verified' }));

// Attack: a token for another application; some providers put the client that asks into `client_id`.
test.each([
  [{ client_id: 'grafana', aud: 'other' }, false],
  [{ client_id: 'grafana', aud: ['other', 'account'] }, false],
  [{ client_id: 'grafana', aud: [['grafana']] }, false],
  [{ client_id: 'grafana', aud: 'grafana other' }, false],
  [{ client_id: 'grafana', aud: 7 }, false],
  [{ client_id: 'other' }, false],
  [{ client_id: ['grafana'] }, false],
  [{ client_id: undefined }, false],
  [{ client_id: 'api' }, false],
  [{ client_id: 'grafana', azp: 'other' }, false],
  [{ client_id: 'other', aud: 'grafana' }, true],
  [{ client_id: 'other', aud: ['account', 'grafana'] }, true],
  [{ client_id: 'other', aud: ['other', 'api'] }, true],
  [{ client_id: 'grafana', aud: [] }, true],
  [{ client_id: 'grafana', aud: null }, true],
  [{ client_id: 'grafana', azp: 'grafana' }, true],
])('%j is for this client: %s', (response, isOurs) =>
  expect(process(response)).toMatchObject(isOurs ? { kind: 'verified' } : { reason: 'wrong_audience' }));

// Attack: a refresh token is active, too.
test.each([
  [{ token_type: 'Bearer' }, true],
  [{ token_type: 'access_token' }, true],
  [{ token_type: 'BEARER' }, true],
  [{ token_type: 'Bearer Token' }, true],
  [{ token_type: 'urn:ietf:params:oauth:token-type:access_token' }, true],
  [{ token_use: 'access_token', token_type: 'bearer' }, true],
  [{ typ: 'Bearer' }, true],
  [{}, false],
  [{ token_type: null, token_use: null }, false],
  [{ token_type: 'JWT' }, false],
  [{ token_type: 'refresh_token' }, 'wrong_type'],
  [{ token_type: 'Bearer', token_use: 'Refresh-Token' }, 'wrong_type'],
  [{ token_use: 'refresh', token_type: 'Bearer' }, 'wrong_type'],
  [{ token_usage: 'refresh_token', token_type: 'Bearer' }, 'wrong_type'],
  [{ token_use: ['refresh_token'], token_type: 'Bearer' }, 'wrong_type'],
  [{ purpose: 'refresh_token', token_type: 'Bearer' }, 'wrong_type'],
  [{ typ: 'Refresh' }, 'wrong_type'],
  [{ token_type: 'DPoP' }, 'wrong_type'],
])('the kind of %j: %s', (response, kind) =>
  expect(process(response)).toMatchObject(
    typeof kind === 'string' ? { kind: 'rejected', reason: kind } : { kind: 'verified', namesKind: kind },
  ));
