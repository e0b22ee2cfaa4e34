/** A store in memory that can lose its last writes, evict rows and be opened anew, as a Redis that crashes does. */
import { createRestores } from '../../src/stores/listeners.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';

export function createLossyStore(now: () => number) {
  const restores = createRestores();
  const memory = createMemoryStore(now);
  const keys = new Set<string>();
  memory.onInvalidate((key) => key !== undefined && keys.add(key));

  const rows = async () => {
    const names = [...keys];
    const values = await memory.getMany(names);
    return new Map(names.flatMap((name, at) => (values[at] === undefined ? [] : [[name, values[at]] as const])));
  };
  return {
    store: { ...memory, onReopen: restores.on } satisfies Store,
    rows,
    /** Back to what `rows` said then, as after a crash; nobody has been told. */
    async lose(since: Map<string, string>): Promise<void> {
      for (const key of keys)
        await (since.has(key) ? memory.set(key, since.get(key)!, 86_400_000) : memory.delete(key));
    },
    evict: (key: string) => memory.delete(key),
    /** What a store does before it is read again. */
    reopen: () => restores.run(memory),
  };
}
