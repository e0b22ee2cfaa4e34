/** The snapshot of the configuration that requests see; another one replaces it whole while the server runs. */
import type { RequestListener } from 'node:http';
import { assemble, type Snapshot } from '../assemble.ts';
import type { Config } from '../config/schema/config.ts';
import type { Services } from '../services.ts';

/** A configuration that is compiled, and that no request sees yet. One of both is called. */
export interface Prepared {
  /** Requests that arrive from now on see it. */
  commit(): void;
  abort(): void;
}

export interface Snapshots {
  /** Passes each request to the snapshot that is current when it arrives. */
  readonly listener: RequestListener;
  current(): Snapshot;
  /** Compiles `config`. An error leaves the snapshot as it was. */
  prepare(config: Config): Prepared;
}

/**
 * One that was replaced is kept by its own requests and by nothing else: with the last of them it is free, however many
 * came after it.
 * @param createListener makes the HTTP listener of one snapshot
 */
export function createSnapshots(
  first: Config,
  services: Services,
  createListener: (snapshot: Snapshot) => RequestListener,
): Snapshots {
  const compile = (config: Config) => {
    const snapshot = assemble(config, services);
    return { snapshot, listener: createListener(snapshot) };
  };
  let current = compile(first);
  return {
    listener: (request, response) => current.listener(request, response),
    current: () => current.snapshot,
    prepare(config) {
      const next = compile(config);
      return {
        commit() {
          current.snapshot.retire();
          current = next;
        },
        abort: () => next.snapshot.retire(),
      };
    },
  };
}
