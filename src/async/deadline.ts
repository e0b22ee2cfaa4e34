/** A provider that hangs must not hang a request: every call ends in time. */
import { ProviderUnavailable } from '../errors.ts';

/** Milliseconds for one request to the provider, and for everything that one call of ours needs. */
export const PROVIDER_TIMEOUT_MS = 10_000;

/** `work`, or `ProviderUnavailable` after `limit` milliseconds. */
export async function withDeadline<T>(work: Promise<T>, limit = PROVIDER_TIMEOUT_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ProviderUnavailable(new Error(`no answer within ${limit} ms`))), limit);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
