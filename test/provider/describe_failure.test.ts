import { errors } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  describeFailure,
  describeMember,
  describeUnlistedAlgorithm,
  quoted,
} from '../../src/provider/describe_failure.ts';

const network = (code: string, message: string) => Object.assign(new Error(message), { code });
const general = (message: string, cause: unknown) =>
  Object.assign(new Error(message, { cause }), { name: 'ClientError' });

describe('what failed', () => {
  test("the network's own error below the general ones", () => {
    const refused = network('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:9');
    const error = general('something went wrong', new TypeError('fetch failed', { cause: refused }));
    expect(describeFailure(error)).toBe('fetch failed: connect ECONNREFUSED 127.0.0.1:9');
    const untrusted = network('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate');
    expect(describeFailure(new TypeError('fetch failed', { cause: untrusted }))).toContain(
      '(SELF_SIGNED_CERT_IN_CHAIN)',
    );
    // A host name of two addresses.
    const both = Object.assign(new AggregateError([refused, network('ECONNREFUSED', 'connect ::1')]), {
      code: 'ECONNREFUSED',
    });
    expect(describeFailure(new TypeError('fetch failed', { cause: both }))).toMatch(/127\.0\.0\.1:9.*connect ::1/);
  });

  test('status and media type of a response', () => {
    const page = new Response('<html>', { status: 200, headers: { 'content-type': 'text/html' } });
    expect(describeFailure(general('unexpected response content-type', page))).toBe(
      'unexpected response content-type: status 200, content type "text/html"',
    );
  });

  test('the claim, what came and what was expected', () => {
    const claims = { iss: 'https://a', aud: 'x', nonce: 'n-secret', exp: 100 };
    const check = (more: object) => describeFailure(new Error('refused', { cause: { claims, ...more } }));
    expect(check({ claim: 'iss', expected: 'https://b' })).toBe('refused: iss is "https://a", expected "https://b"');
    expect(check({ claim: 'exp', now: 700 })).toBe('refused: exp is 100, now is 700');
    const jwt = new errors.JWTClaimValidationFailed('unexpected "aud"', claims, 'aud', 'check_failed');
    expect(describeFailure(jwt, { claims: { aud: 'us' } })).toBe('unexpected "aud": aud is "x", expected "us"');
  });

  test('the algorithm, and where the list of them is', () => {
    expect(describeUnlistedAlgorithm('HS256', ['RS256'])).toMatch(
      /^alg is "HS256", expected one of \["RS256"\] .*discovery/,
    );
    expect(describeFailure(new errors.JWKSNoMatchingKey(), { header: { alg: 'ES256', kid: 'k' } })).toContain(
      'alg "ES256", kid "k"',
    );
  });
});

// Attack: a reader of the log signs in with what a check has refused.
test('Attack: neither nonce, state, code nor a body is in the line', () => {
  expect(describeMember('nonce', 'n-secret', 'n-other')).toBe('nonce is another one');
  expect(describeMember('nonce', undefined, 'n-other')).toBe('nonce is missing');
  const parameters = new URLSearchParams({ state: 's-secret', code: 'c-secret', iss: 'https://evil' });
  const callback = describeFailure(new Error('state', { cause: { parameters, expected: 's-other' } }));
  expect(callback).toContain('https://evil');
  const body = describeFailure(new Error('no id_token', { cause: { body: { access_token: 'a-secret' } } }));
  const quote = describeFailure(new Error('parse', { cause: new SyntaxError('Unexpected "a-secret"') }));
  for (const line of [callback, body, quote]) expect(line).not.toMatch(/-secret|s-other/);
});

test('a value of any length is short', () => expect(quoted(['x'.repeat(10_000)]).length).toBeLessThan(220));
