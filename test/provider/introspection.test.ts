import { describe, expect, test } from 'vitest';
import { processIntrospectionResponse } from '../../src/provider/introspection.ts';

const NOW = 1_800_000_000_000;
const expected = {
  application: { client_id: 'grafana', bearer_audiences: ['api'] },
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
  ])('%s', (_, exp, end) => expect(process({ exp })).toMatchObject({ kind: 'verified', claims: { exp: end } }));

  test.each([
    ['past', 1_799_999_999, 'wrong_time'],
    ['past, as text', '1799999999', 'wrong_time'],
    ['no number', 'tomorrow', 'invalid_response'],
    ['an object', {}, 'invalid_response'],
    ['infinite', Number.POSITIVE_INFINITY, 'invalid_response'],
  ])('%s is a rejection', (_, exp, reason) => expect(process({ exp })).toMatchObject({ kind: 'rejected', reason }));
});

test.each([
  [{ client_id: 'other' }, 'wrong_audience'],
  [{ client_id: 'other', aud: ['other', 'api'] }, undefined],
  [{ iss: 'https://evil.example.com' }, 'wrong_issuer'],
  [{ token_type: 'refresh_token' }, 'wrong_type'],
  [{ typ: 'Refresh' }, 'wrong_type'],
  [{ cnf: {} }, 'wrong_type'],
  [{ active: 'true' }, 'inactive_token'],
  [{ sub: '' }, 'invalid_token'],
])('%j is %s', (response, reason) =>
  expect(process(response)).toMatchObject(reason ? { kind: 'rejected', reason } : { kind: 'verified' }));
