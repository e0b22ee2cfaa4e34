/** The snapshot of the configuration that requests see; another one replaces it whole while the server runs. */
import type { RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { assemble, type Services, type Snapshot } from '../assemble.ts';
import type { Config } from '../config/schema/config.ts';
import type { Store } from '../stores/store.ts';

/** Requests that began with a snapshot are finished by then, and nothing reads its cache of sessions any more. */
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

type Invalidate = (key: string | undefined) => void;

interface Serving {
  readonly snapshot: Snapshot;
  readonly listener: RequestListener;
  /** Called when rows of the store change. */
  readonly invalidate: readonly Invalidate[];
}

/** @param createListener makes the HTTP listener of one snapshot */
export function createSnapshots(
  first: Config,
  services: Services,
  createListener: (snapshot: Snapshot) => RequestListener,
): Snapshots {
  const inUse = new Set<Serving>();
  let current = compile(first);
  services.store.onInvalidate((key) => {
    for (const { invalidate } of inUse) for (const listener of invalidate) listener(key);
  });

  function compile(config: Config): Serving {
    const invalidate: Invalidate[] = [];
    const snapshot = assemble(config, { ...services, store: withListeners(services.store, invalidate) });
    const serving = { snapshot, listener: createListener(snapshot), invalidate };
    inUse.add(serving);
    return serving;
  }

  async function retire(serving: Serving): Promise<void> {
    await sleep(RETIRED_MS, undefined, { ref: false });
    await serving.snapshot.sessions.idle();
    inUse.delete(serving);
  }

  return {
    listener: (request, response) => current.listener(request, response),
    current: () => current.snapshot,
    swap(config) {
      const next = compile(config);
      void retire(current);
      current = next;
    },
    async idle() {
      await Promise.all([...inUse].map(({ snapshot }) => snapshot.sessions.idle()));
    },
  };
}

/** The store, except that its listeners are kept in a list that goes with the snapshot. */
function withListeners(store: Store, listeners: Invalidate[]): Store {
  return Object.create(store, { onInvalidate: { value: (listener: Invalidate) => listeners.push(listener) } });
}
