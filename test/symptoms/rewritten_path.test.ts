/** A proxy that changes the path before it asks is named in the log, once. */
import { expect, test } from 'vitest';
import { createRewriteWarning } from '../../src/auth/rewrite_warning.ts';
import { nginx } from '../../src/dialects/nginx.ts';
import { caddy, traefik } from '../../src/dialects/traefik.ts';
import { createEvents, type LogEvent } from '../../src/observe/events.ts';

function start() {
  const said: LogEvent[] = [];
  const events = createEvents();
  events.on('log', (event) => said.push(event));
  return { said, warn: createRewriteWarning(events) };
}

test.each([
  'x-forwarded-prefix',
  'x-replaced-path',
])('%s of Traefik is named with its value, once for each application', (header) => {
  const { said, warn } = start();
  for (const slug of ['grafana', 'grafana', 'wiki']) warn(traefik, { [header]: '/grafana' }, slug);
  expect(said.map(({ level, event, application }) => [level, event, application])).toEqual([
    ['warn', 'proxy.path_rewritten', 'grafana'],
    ['warn', 'proxy.path_rewritten', 'wiki'],
  ]);
  expect(said[0]?.message).toContain(`${header} is "/grafana"`);
});

test('nothing is said without such a header, for an unknown host, or of a dialect that has none', () => {
  const { said, warn } = start();
  warn(traefik, {}, 'grafana');
  warn(traefik, { 'x-forwarded-prefix': '' }, 'grafana');
  warn(traefik, { 'x-forwarded-prefix': '/x' }, undefined);
  for (const dialect of [caddy, nginx]) warn(dialect, { 'x-forwarded-prefix': '/x' }, 'grafana');
  expect(said).toEqual([]);
});

// Attack: a client writes a header that a proxy does not replace, as long as it likes.
test('a value is cut', () => {
  const { said, warn } = start();
  warn(traefik, { 'x-replaced-path': `/${'a'.repeat(5_000)}` }, 'grafana');
  expect(said[0]?.message.length).toBeLessThan(500);
});
