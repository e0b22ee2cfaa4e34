import { describe, expect, test } from 'vitest';
import { OAuthError, readDescription } from '../../src/provider/oauth_error.ts';

describe("a provider's error description", () => {
  test('reaches the log', () => {
    expect(readDescription('Invalid scopes: openid profile entitlements')).toBe(
      'Invalid scopes: openid profile entitlements',
    );
  });

  test.each([
    undefined,
    7,
    '',
    ' ',
    { toString: () => 'x' },
  ])('that is no text or empty is dropped: %j', (description) => {
    expect(readDescription(description)).toBeUndefined();
  });

  test('loses a code, a token or a key that it quotes', () => {
    const secret = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl';
    expect(readDescription(`the code ${secret} was used before`)).toBe('the code … was used before');
    expect(readDescription(`the code "${secret}" was used before`)).not.toContain('eyJ');
  });

  test('cannot begin a line of the log, and is cut', () => {
    expect(readDescription('one\r\ntwo\u2028three\x1b[31m')).toBe('one two three [31m');
    expect(readDescription('word '.repeat(500))!.length).toBeLessThanOrEqual(200);
  });
});

test('an error response is logged by its code and its description', () => {
  const error = new OAuthError('invalid_grant', 'Session not active');
  expect(String(error)).toBe('OAuthError: invalid_grant: Session not active');
  expect([error.error, error.cause]).toEqual(['invalid_grant', undefined]);
  expect(String(new OAuthError('a code of\nmy own'))).toBe('OAuthError: unknown_error');
});
