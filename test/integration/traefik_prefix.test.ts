/** Traefik with an application below a path: where `stripPrefix` and `replacePath` stand beside the middleware of Gatepost. */
import { describe, expect, test } from 'vitest';
import { createEvents, type LogEvent } from '../../src/observe/events.ts';
import { needTool } from '../support/tools.ts';
import { edit, withChange } from './proxy.ts';
import { useSites } from './started.ts';
import { traefik } from './traefik.ts';

const binary = needTool('traefik');

const MIDDLEWARES = `
    strip:
      stripPrefix: { prefixes: [/part] }
    replace:
      replacePath: { path: /public/x }
`;

/** The shipped site, with `middlewares` at its router. */
const ordered = (middlewares: string) =>
  withChange(traefik, (site) => {
    edit(site, 'gatepost.yml', (text) => text.replace('\n  middlewares:\n', `\n  middlewares:${MIDDLEWARES}`));
    edit(site, 'gatepost.yml', (text) => text.replace('middlewares: [gatepost]', `middlewares: ${middlewares}`));
  });

describe.skipIf(!binary)('below a path', () => {
  const startSite = useSites();
  const warnings: LogEvent[] = [];
  const start = (middlewares: string) => {
    warnings.length = 0;
    const events = createEvents();
    events.on('log', (event) => event.event.startsWith('proxy.') && warnings.push(event));
    return startSite(ordered(middlewares), events);
  };

  // Attack: the rule that opens /public/ opens /part/public/, which is another page.
  test('before stripPrefix, Gatepost judges the URL that the client wrote, and a login leads back to it', async () => {
    const behind = await start('[gatepost, strip]');
    expect(await behind.watch(() => behind.ask({ path: '/part/public/x' }))).toEqual([]);
    const { visitor } = await behind.signIn();
    visitor.jar.clear();
    const page = await visitor.signIn(`${behind.origin}/part/page?a=b`, 'alice', 'wonderland');
    expect([page.url, page.seen?.url]).toEqual([`${behind.origin}/part/page?a=b`, '/page?a=b']);
    expect(warnings).toEqual([]);
  });

  test.each([
    ['stripPrefix', '[strip, gatepost]', 'x-forwarded-prefix is \\"/part\\"'],
    ['replacePath', '[replace, gatepost]', 'x-replaced-path is \\"/part/x\\"'],
  ])('behind %s, the log says so once', async (_, middlewares, said) => {
    const behind = await start(middlewares);
    for (let times = 0; times < 3; times += 1) await behind.ask({ path: '/part/x' });
    expect(warnings.map(({ event }) => event)).toEqual(['proxy.path_rewritten']);
    expect(JSON.stringify(warnings[0])).toContain(said);
  });
});
