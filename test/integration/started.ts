/** What the tests of a file or of a `describe` have started while they run. Each ends what it has started. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Events } from '../../src/observe/events.ts';
import { needTool } from '../support/tools.ts';
import { startChromium } from './chromium.ts';
import type { TestedProxy } from './proxy.ts';
import { startSite, type TestedSite } from './site.ts';
import { type Front, type Ports, startWorld, type World } from './world.ts';

/**
 * A browser; who calls skips the tests without Chromium.
 * @param spki of a certificate that it shall take for a good one
 */
export function useChromium(spki: () => string | undefined = () => undefined): () => Browser {
  const binary = needTool('chromium');
  let chromium: Browser | undefined;
  beforeAll(async () => {
    if (binary) chromium = await startChromium(binary, spki());
  });
  afterAll(() => chromium?.close());
  return () => chromium!;
}

/** One world for several proxies. */
export function useWorld(names: string[], front: Front = 'plain', more = ''): () => World {
  let world: World | undefined;
  beforeAll(async () => {
    world = await startWorld(names, front, undefined, more);
  });
  afterAll(() => world?.close());
  return () => world!;
}

/** A site of a world that others share. */
export function useSiteOf(world: () => World, proxy: TestedProxy, mode: keyof Ports): () => TestedSite {
  let site: TestedSite | undefined;
  beforeAll(async () => {
    site = await startSite(world(), proxy, needTool(proxy.tool)!, mode);
  });
  afterAll(() => site?.stop());
  return () => site!;
}

/** One site behind one proxy, in a world of its own. Call it inside a `describe` that is skipped without the program. */
export function useSite(
  proxy: TestedProxy,
  { mode = 'single', front }: { mode?: keyof Ports; front?: Front } = {},
): () => TestedSite {
  return useSiteOf(useWorld([proxy.name], front), proxy, mode);
}

/** Starts one site when a test asks for it, and ends it with the test. */
export function useSites(): (proxy: TestedProxy, events?: Events) => Promise<TestedSite> {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  return async (proxy, events) => {
    const world = await startWorld([proxy.name], 'plain', events);
    ends.push(world.close);
    const site = await startSite(world, proxy, needTool(proxy.tool)!, 'single');
    ends.push(site.stop);
    return site;
  };
}
