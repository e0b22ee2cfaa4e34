/** A listener whose modules are loaded for its first request: a process that answers proxies alone needs none of them. */
import type { RequestListener } from 'node:http';

/**
 * @param load makes the listener; tried again with a later request where it fails
 * @param onError hears of a failure; the requests that waited are answered 500
 */
export function loadedLate(load: () => Promise<RequestListener>, onError: (error: unknown) => void): RequestListener {
  let loading: Promise<RequestListener | undefined> | undefined;
  let loaded: RequestListener | undefined;

  async function loadOnce(): Promise<RequestListener | undefined> {
    try {
      loaded = await load();
    } catch (error) {
      loading = undefined;
      onError(error);
    }
    return loaded;
  }

  return (request, response) => {
    if (loaded !== undefined) return loaded(request, response);
    loading ??= loadOnce();
    void loading.then((listener) => {
      if (listener !== undefined) return listener(request, response);
      response.writeHead(500, { 'Cache-Control': 'no-store', 'X-Gatepost-Reason': 'internal_error' }).end();
    });
  };
}
