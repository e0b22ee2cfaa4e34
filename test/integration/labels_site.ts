/** Sites whose proxy reads labels of containers, each with a Compose file that a test has edited. */
import { afterEach, expect } from 'vitest';
import type { DockerEngine } from './docker_engine.ts';
import type { Running } from './program.ts';
import { edit, type Site, type TestedProxy } from './proxy.ts';
import type { TestedSite } from './site.ts';
import { useSites } from './started.ts';

/** A proxy that is started with a double of the Docker Engine. */
export interface LabelsProxy extends TestedProxy {
  start(binary: string, site: Site, change?: () => void): Promise<Running & { engine: DockerEngine }>;
}

/** At the end of each test the engine must not have been asked for what it does not know. */
export function useLabels() {
  const startSite = useSites();
  let engine: DockerEngine | undefined;
  afterEach(() => expect(engine?.unknown).toEqual([]));

  /** @param change changes the filled-in files; without it they are as shipped */
  return async (
    shipped: LabelsProxy,
    change: (site: Site) => void = () => undefined,
  ): Promise<{ site: TestedSite; engine: DockerEngine }> => {
    const site = await startSite({
      ...shipped,
      async start(program, where) {
        const running = await shipped.start(program, where, () => change(where));
        engine = running.engine;
        return running;
      },
    });
    return { site, engine: engine! };
  };
}

/** For `useLabels`: edits the Compose file. */
export const editCompose = (change: (text: string) => string) => (site: Site) => edit(site, 'compose.yml', change);
