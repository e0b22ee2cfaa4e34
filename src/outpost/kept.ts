/**
 * The last known configuration of authentik, sealed in the store: a start while authentik is down goes on with it.
 * Attack: whoever reads the store would have the client secrets of all applications, and who writes there would choose
 * where users log in. The row is sealed for this host and token, and no other opens it.
 */
import { createSeal } from '../crypto/seal.ts';
import { isNonEmptyString, isObject } from '../json.ts';
import type { Store } from '../stores/store.ts';
import type { OutpostState, RawProvider } from './types.ts';

/** Under the seal; a row of another format is none. */
const FORMAT = 1;

export interface KeptState {
  state: OutpostState;
  /** Milliseconds since the epoch. */
  at: number;
}

export interface Kept {
  /** @throws StoreUnavailable */
  read(): Promise<KeptState | undefined>;
  /** @throws StoreUnavailable */
  write(state: OutpostState): Promise<void>;
}

export interface KeptOptions {
  store: Pick<Store, 'getMany' | 'set'>;
  /** The first seals, all open. */
  secret: readonly string[];
  /** `AUTHENTIK_HOST`. */
  host: string;
  token: string;
  /** How long it is good for, in milliseconds. */
  keepMs: number;
  /** Milliseconds since the epoch. */
  now: () => number;
}

export function createKept({ store, secret, host, token, keepMs, now }: KeptOptions): Kept {
  const seal = createSeal(secret, 'outpost');
  const keys = seal.hmacs(JSON.stringify([host, token])).map((hash) => `w:${hash}`);
  const [firstKey = ''] = keys;

  function open(sealed: string | undefined, key: string): KeptState | undefined {
    const text = sealed === undefined ? undefined : seal.open(sealed, key);
    const kept: unknown = text === undefined ? undefined : JSON.parse(text);
    if (!isKept(kept)) return undefined;
    // A clock that was wrong when it was written would keep it for ever.
    const ageMs = now() - kept.at;
    return ageMs < keepMs && ageMs > -keepMs ? { state: kept.state, at: kept.at } : undefined;
  }

  return {
    async read() {
      if (keepMs === 0) return undefined;
      const rows = await store.getMany(keys);
      const found = keys.flatMap((key, at) => open(rows[at], key) ?? []);
      return found.sort((one, other) => other.at - one.at)[0];
    },
    async write({ instance, providers }) {
      if (keepMs === 0) return;
      const kept = { format: FORMAT, at: now(), state: { instance, providers: providers.map(withoutCookieSecret) } };
      await store.set(firstKey, seal.seal(JSON.stringify(kept), firstKey), keepMs);
    },
  };
}

/** The secret with which authentik's own outpost seals its cookies is nothing that is needed here. */
function withoutCookieSecret({ cookie_secret: _, ...provider }: RawProvider): RawProvider {
  return { ...provider, pk: provider.pk, name: provider.name };
}

/** The seal vouches for what is inside; the format for its shape. */
function isKept(value: unknown): value is { format: number; at: number; state: OutpostState } {
  return isObject(value) && value.format === FORMAT && typeof value.at === 'number' && isState(value.state);
}

function isState(value: unknown): value is OutpostState {
  if (!isObject(value) || !isObject(value.instance) || !Array.isArray(value.providers)) return false;
  return isNonEmptyString(value.instance.pk) && value.providers.every(isObject);
}
