/** The snapshot of the configuration that requests see; another one replaces it whole while the server runs. */
import type { RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { assemble, type Services, type Snapshot } from '../assemble.ts';
import type { Config } from '../config/schema/config.ts';

/** Requests that began with a snapshot are finished by then, and its sessions need no cache any more. */
const RETIRED_MS = 120_000;

export interface Snapshots {
  /** Passes each request to the snapshot that is current when it arrives. */
  readonly listener: RequestListener;
  current(): Snapshot;
  /** Compiles `config`; requests that arrive from now on see it. An error leaves the snapshot as it was. */
  swap(config: Config): void;
  /** Resolves when no refresh of any snapshot is under way. */
  idle(): Promise<void>;
}

interface Serving {
  readonly snapshot: Snapshot;
  readonly listener: RequestListener;
}

/** @param createListener makes the HTTP listener of one snapshot */
export function createSnapshots(
  first: Config,
  services: Services,
  createListener: (snapshot: Snapshot) => RequestListener,
): Snapshots {
  const inUse = new Set<Snapshot>();
  let current = compile(first);

  function compile(config: Config): Serving {
    const snapshot = assemble(config, services);
    inUse.add(snapshot);
    return { snapshot, listener: createListener(snapshot) };
  }

  async function retire(snapshot: Snapshot): Promise<void> {
    await sleep(RETIRED_MS, undefined, { ref: false });
    await snapshot.sessions.idle();
    snapshot.sessions.close();
    inUse.delete(snapshot);
  }

  return {
    listener: (request, response) => current.listener(request, response),
    current: () => current.snapshot,
    swap(config) {
      const next = compile(config);
      void retire(current.snapshot);
      current = next;
    },
    async idle() {
      await Promise.all([...inUse].map(({ sessions }) => sessions.idle()));
    },
  };
}
