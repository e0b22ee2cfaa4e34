/** Keyv as all three stores use it: raw rows, errors thrown and never swallowed, and an end to every wait. */
import { Keyv, type KeyvStoreAdapter } from 'keyv';
import { StoreUnavailable } from '../errors.ts';
import { STORE_TIMEOUT_MS } from './store.ts';

/**
 * Keyv over an adapter that keeps the expiry itself: Keyv's own envelope goes by the machine's clock and costs 40 bytes a row.
 * `throwOnErrors`: without it Keyv answers "not found" when the store is away, and everybody would be logged out.
 */
export function openKeyv(adapter: KeyvStoreAdapter): Keyv<string> {
  const keyv = new Keyv<string>(adapter, {
    throwOnErrors: true,
    useKeyPrefix: false,
    serialize: (data) => data.value as string,
    deserialize: <T>(data: string) => ({ value: data as T, expires: undefined }),
  });
  keyv.namespace = undefined;
  return keyv;
}

/** The answer of a store, or `StoreUnavailable` when it fails or takes too long (`limit` in milliseconds). */
export async function answerInTime<T>(work: Promise<T>, limit = STORE_TIMEOUT_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limit} ms`)), limit);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw error instanceof StoreUnavailable ? error : new StoreUnavailable(error);
  } finally {
    clearTimeout(timer);
  }
}
