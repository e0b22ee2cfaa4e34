/** Starts a server that authentik manages: environment, store, last known configuration, listeners, API, websocket. */
import { randomUUID } from 'node:crypto';
import { createEvents, type Events } from '../observe/events.ts';
import { createOutpostMetrics } from '../observe/outpost_metrics.ts';
import { type Serving, startServing } from '../server/start.ts';
import { openStore } from '../stores/open.ts';
import { version } from '../version.ts';
import { AuthentikApiError, createAuthentikApi } from './api.ts';
import { createController } from './controller.ts';
import { createEndings } from './endings.ts';
import { beginWith, readFirst } from './first_reading.ts';
import { createKept } from './kept.ts';
import { createLink } from './link.ts';
import { createNotices } from './notices.ts';
import { createPoll } from './poll.ts';
import { createRefusalReports } from './refusal_reports.ts';
import type { OutpostStart } from './types.ts';

/** Between two looks at the file of the token. */
const TOKEN_POLL_MS = 10_000;

export interface OutpostServer extends Serving {
  /** Reads authentik again, at once. */
  refresh(): void;
  /** Goes on with what file and environment say now. Rejects where it cannot be taken: what was before goes on then. */
  rebase(start: OutpostStart): Promise<void>;
}

export interface ServeOutpostOptions {
  /** Gets the events before the first of them. */
  onEvents?: (events: Events) => void;
}

/**
 * Resolves once it listens, whatever authentik says.
 * @param onToken is called when the token is another one (its file has changed)
 * @throws Error where it cannot listen
 */
export async function serveOutpost(
  first: OutpostStart,
  onToken: () => void,
  { onEvents }: ServeOutpostOptions = {},
): Promise<OutpostServer> {
  const clocks = { now: Date.now, elapsed: () => performance.now() };
  const events = createEvents();
  onEvents?.(events);
  let start = first;
  let secret = first.base.secret;
  let { token } = start;
  const bearer = () => token.current();
  const instanceId = randomUUID();
  const store = openStore(start.base.store, clocks, events, start.base.redis);
  let api = createApi();
  const kept = () =>
    createKept({
      store,
      secret,
      host: start.settings.host,
      token: token.current(),
      keepMs: start.settings.keepMs,
      now: clocks.now,
    });
  const reading = await readFirst(api, kept());
  const beginning = beginWith(reading, start);
  const endings = createEndings({ store, events, now: clocks.now, onLost: () => target.setGap(clocks.now()) });
  endings.follow(beginning.config);

  function createApi() {
    return createAuthentikApi({ settings: start.settings, token: bearer, version });
  }

  // Nothing of authentik's is heard before the listeners are there, and until they have drained.
  let closeRest = async () => {};
  const target = await startServing(beginning.config, { events, store, onDrained: () => closeRest() });
  const notices = createNotices(events, clocks.elapsed);
  notices.tell('start', start.notices);
  const metrics = createOutpostMetrics(target.registry, { uuid: instanceId });
  const controller = createController({
    start,
    beginning,
    failure: reading.answer instanceof AuthentikApiError ? reading.answer : undefined,
    target,
    api: () => api,
    kept,
    notices,
    refusals: createRefusalReports(() => api, notices, clocks.elapsed),
    onRefresh(instance) {
      metrics.refreshed({ outpostName: instance.name, at: clocks.now() });
      link.connect(instance.pk);
    },
    onConfig: endings.follow,
    ...clocks,
  });
  let link = createOwnLink();

  function createOwnLink() {
    return createLink({
      settings: start.settings,
      token: bearer,
      api: () => api,
      instanceId,
      version,
      events,
      notices,
      now: clocks.now,
      onConnection: metrics.connection,
      onGap: target.setGap,
      onChange: controller.refresh,
      onSessionEnd: endings.push,
    });
  }

  const tokenPoll = createPoll(async () => {
    const { changed, problem } = await token.renew();
    if (problem !== undefined) {
      notices.remind({ level: 'error', event: 'outpost.token_unreadable', key: 'token', message: problem });
    } else {
      notices.forget('token');
    }
    if (changed) {
      events.emit('log', { level: 'info', event: 'outpost.token_changed', message: 'the token is another one' });
      link.renew();
      controller.refresh();
      onToken();
    }
    return TOKEN_POLL_MS;
  });
  tokenPoll.trigger(TOKEN_POLL_MS);

  closeRest = async () => {
    await Promise.all([tokenPoll.close(), controller.close(), link.close(), endings.close()]);
    await api.close();
  };

  return {
    events,
    registry: target.registry,
    failed: target.failed,
    get hangs() {
      return target.hangs;
    },
    replace: target.replace,
    setGap: target.setGap,
    refresh: () => controller.refresh(),
    async rebase(next) {
      const { settings: before, token: oldToken } = start;
      const wasToken = oldToken.current();
      await controller.rebase(next);
      start = next;
      secret = next.base.secret;
      token = next.token;
      notices.tell('start', next.notices);
      const isSame = next.settings.host === before.host && next.settings.insecure === before.insecure;
      if (isSame && bearer() !== wasToken) link.renew();
      if (isSame) return controller.refresh();
      // Another authentik, or another way to it.
      const [oldApi, oldLink] = [api, link];
      api = createApi();
      link = createOwnLink();
      await oldLink.close();
      await oldApi.close();
      controller.refresh();
    },
    close: target.close,
  };
}
