/** A proxy that changes the path before it asks is named in the log, once. */
import { expect, test } from 'vitest';
import { caddy, traefik } from '../../src/dialects/traefik.ts';
import { lookForRewrittenPath } from '../../src/symptoms/rewritten_path.ts';

function start() {
  const said: string[] = [];
  const look = lookForRewrittenPath((_event, _application, sentence) => said.push(sentence()), 'grafana');
  return { said, look: (headers: Record<string, string>) => look(traefik.rewriteHeaders ?? [], headers) };
}

test.each(['x-forwarded-prefix', 'x-replaced-path'])('%s of Traefik is named with its value', (header) => {
  const { said, look } = start();
  look({ [header]: '/grafana' });
  expect(said).toEqual([expect.stringContaining(`${header} is "/grafana"`)]);
});

test('nothing is said without such a header, or of a dialect that has none', () => {
  const { said, look } = start();
  look({});
  look({ 'x-forwarded-prefix': '' });
  expect(said).toEqual([]);
  expect(caddy.rewriteHeaders).toBeUndefined();
});

// Attack: a client writes a header that a proxy does not replace, as long as it likes.
test('a value is cut', () => {
  const { said, look } = start();
  look({ 'x-replaced-path': `/${'a'.repeat(5_000)}` });
  expect(said[0]?.length).toBeLessThan(500);
});
