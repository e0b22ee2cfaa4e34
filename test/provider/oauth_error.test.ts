import { describe, expect, test } from 'vitest';
import { OAuthError, readDescription } from '../../src/provider/oauth_error.ts';

describe("a provider's sentence", () => {
  test('reaches the log', () => {
    expect(readDescription('Invalid scopes: openid profile entitlements')).toBe(
      'Invalid scopes: openid profile entitlements',
    );
  });

  test.each([undefined, 7, '', ' ', { toString: () => 'x' }])('is no sentence: %j', (description) => {
    expect(readDescription(description)).toBeUndefined();
  });

  test('that quotes a code, a token or a key loses it', () => {
    const secret = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl';
    expect(readDescription(`the code ${secret} was used before`)).toBe('the code … was used before');
    expect(readDescription(`the code "${secret}" was used before`)).not.toContain('eyJ');
  });

  test('cannot write a line of its own, nor a long one', () => {
    expect(readDescription('one\r\ntwo\u2028three\x1b[31m')).toBe('one two three [31m');
    expect(readDescription('word '.repeat(500))!.length).toBeLessThanOrEqual(200);
  });
});

test('an error answer is told by its code and its sentence', () => {
  const answer = new OAuthError('invalid_grant', 'Session not active');
  expect(String(answer)).toBe('ProviderAnswer: invalid_grant: Session not active');
  expect([answer.error, answer.cause]).toEqual(['invalid_grant', undefined]);
  expect(String(new OAuthError('a code of\nmy own'))).toBe('ProviderAnswer: unknown_error');
});
