/** The sentences of the start about applications and providers, of which authentik may manage some. */
import { expect, test } from 'vitest';
import type { ManagedOutpost } from '../../src/config/managed.ts';
import { applicationsText, providersText } from '../../src/server/start_words.ts';
import { makeApplication } from '../support/application.ts';

const authority = 'https://auth.example.com/';
const outpost = (waiting: boolean): ManagedOutpost => ({ authority, waiting, reserved: { hosts: [], domains: [] } });
const own = makeApplication({ issuer: 'https://id.example.com' });

test('before authentik has answered, its applications are not known', () => {
  expect(applicationsText({ applications: [], managed: outpost(true) })).toBe(
    'serves 0 applications: those of authentik (https://auth.example.com/) are not known yet',
  );
  expect(applicationsText({ applications: [own], managed: outpost(true) })).toBe(
    'serves 1 application: grafana (https://grafana.example.com); those of authentik (https://auth.example.com/) are not known yet',
  );
});

test('an outpost without applications says so', () => {
  expect(applicationsText({ applications: [], managed: outpost(false) })).toBe('serves 0 applications');
});

test('providers that authentik describes are neither found nor missed', () => {
  const found = new Map([['https://id.example.com', true]]);
  expect(providersText(['https://id.example.com'], found, { authority, count: 2 })).toBe(
    '3 providers: found https://id.example.com; 2 as authentik describes them (https://auth.example.com/)',
  );
  expect(providersText([], new Map(), { authority, count: 0 })).toBe('0 providers');
});
