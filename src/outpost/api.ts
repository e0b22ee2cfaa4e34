/** The client of authentik's API: the few calls of an outpost, each of them whole or failed. */
import { counted } from '../words.ts';
import { AuthentikApiError } from './api_error.ts';
import { type ApiRequestOptions, createApiRequests } from './api_request.ts';
import { isProvider, type OwnHealth, readHealth, readInstance, readPage, readResults } from './api_shapes.ts';
import type { OutpostInstance, RawProvider } from './types.ts';

export { AuthentikApiError };

const PAGE_SIZE = 100;
const MAX_PAGES = 100;

/** Something that authentik's administrator is told by an event of the action `configuration_error`. */
export interface ReportedEvent {
  message: string;
  /** The provider's name. */
  provider: string;
  /** The outpost's name. */
  outpost: string;
  /** Of the provider's `external_host`, without its query. */
  url: string;
}

export interface AuthentikApi {
  /**
   * The outposts that the token sees.
   * @throws AuthentikApiError
   */
  instances(): Promise<OutpostInstance[]>;
  /**
   * The providers of the outpost that have an application, from all pages; each number once.
   * @throws AuthentikApiError
   */
  providers(): Promise<RawProvider[]>;
  /** What authentik says of this instance; `undefined` where it does not say it to this account, or not now. */
  health(pk: string, instanceId: string): Promise<OwnHealth | undefined>;
  /** As well as it can be done: it never rejects. */
  reportEvent(event: ReportedEvent): Promise<void>;
  /** Calls under way fail. */
  close(): Promise<void>;
}

export interface AuthentikApiOptions extends ApiRequestOptions {
  /** What was left out of a list, because it cannot be told what it is. */
  warn?: (message: string) => void;
}

export function createAuthentikApi({ warn, ...options }: AuthentikApiOptions): AuthentikApi {
  const { call, close } = createApiRequests(options);

  async function page(number: number) {
    const path = `outposts/proxy/?page=${number}&page_size=${PAGE_SIZE}`;
    const { json, notUnderstood } = await call(path);
    const found = readPage(json);
    if (found === undefined) throw notUnderstood('no list with pages');
    // Attack: a list that leads back to a page before would be read for ever.
    if (found.next !== 0 && found.next <= number) throw notUnderstood(`page ${number} leads to page ${found.next}`);
    return { ...found, notUnderstood };
  }

  return {
    async instances() {
      const { json, notUnderstood } = await call('outposts/instances/');
      const results = readResults(json);
      if (results === undefined) throw notUnderstood('no list of outposts');
      return results.map((value) => {
        const instance = readInstance(value);
        // Attack: were it left out, an administrator's token could seem to be that of the one outpost beside it.
        if (instance === undefined) throw notUnderstood('an outpost without pk, name or type');
        return instance;
      });
    },

    async providers() {
      const found: unknown[] = [];
      let next = 1;
      for (let read = 0; next !== 0; read += 1) {
        if (read === MAX_PAGES) throw tooManyPages();
        const { results, next: following } = await page(next);
        found.push(...results);
        next = following;
      }
      const known = found.filter(isProvider);
      const lost = found.length - known.length;
      if (lost > 0) warn?.(`${counted(lost, 'provider')} of authentik without a pk or a name: left out`);
      // A provider that was made meanwhile moves others to the page that is read next.
      return [...new Map(known.map((provider) => [provider.pk, provider])).values()];
    },

    async health(pk, instanceId) {
      try {
        const { json } = await call(`outposts/instances/${encodeURIComponent(pk)}/health/`);
        return readHealth(json, instanceId);
      } catch {
        // Old accounts may not ask (403), and one instance with a strange version takes all down (500).
        return undefined;
      }
    },

    async reportEvent({ message, provider, outpost, url }) {
      const context = { message, provider, outpost, url };
      const event = { action: 'configuration_error', app: 'authentik.providers.proxy', context };
      await call('events/events/', event).catch(() => undefined);
    },

    close,
  };
}

function tooManyPages(): AuthentikApiError {
  const message = `authentik lists providers on more than ${MAX_PAGES} pages of ${PAGE_SIZE}: none of them is read`;
  return new AuthentikApiError('outage', message);
}
