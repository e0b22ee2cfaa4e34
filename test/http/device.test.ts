import { expect, test } from 'vitest';
import { deviceOf } from '../../src/http/device.ts';

test.each([
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0', 'Firefox, Windows'],
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
    'Chrome, Linux',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0',
    'Edge, Windows',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
    'Safari, macOS',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0 Mobile/15E148 Safari/604.1',
    'Chrome, iPhone',
  ],
  ['Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0', 'Firefox, Android'],
  ['Mozilla/5.0 something new', undefined],
  ['restic/0.17.3', 'restic/0.17.3'],
  ['git/2.39.5 (Apple Git-154)', 'git/2.39.5'],
  ['', undefined],
  [undefined, undefined],
])('%s is shown as %s', (userAgent, device) => {
  expect(deviceOf(userAgent)).toBe(device);
});

// Attack: what a client says of itself is shown to people, and written to the store.
test('nothing long, invisible or unreadable is shown', () => {
  expect(deviceOf('x'.repeat(16_000))).toBe('x'.repeat(60));
  expect(deviceOf('curl/8\x1b[31m')).toBe('curl/8');
  expect(deviceOf('\u202eevil')).toBeUndefined();
  expect(deviceOf(`Mozilla/${' '.repeat(60_000)}Firefox/1`)).toBeUndefined();
});
