/** The websocket to authentik, as long as the outpost is the same; and what its messages set off. */
import { hostname } from 'node:os';
import type { Events } from '../observe/events.ts';
import type { AuthentikApi } from './api.ts';
import type { Notices } from './notices.ts';
import { createOutpostSocket, type OutpostSocket } from './socket.ts';
import type { OutpostSettings } from './types.ts';

/** Changes come in groups, to all outposts at once: each waits for a random part of this. */
const MAX_CHANGE_DELAY_MS = 1000;

export interface LinkOptions {
  settings: OutpostSettings;
  token: () => string;
  api: () => AuthentikApi;
  /** Of this process tree, new at each start. */
  instanceId: string;
  version: string;
  events: Events;
  notices: Notices;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** `true` with the first answer of a connection, `false` when it is lost. */
  onConnection(isUp: boolean): void;
  /** Sessions that ended at authentik before this time (milliseconds since the epoch) may have been missed. */
  onGap(until: number): void;
  /** Something has changed at authentik, or may have. */
  onChange(withinMs: number): void;
  onSessionEnd(sid: string): void;
}

export interface Link {
  /** Connects as this outpost; the same one stays connected. */
  connect(pk: string): void;
  /** Closes the connection, and makes another one at once where there was one. */
  renew(): void;
  close(): Promise<void>;
}

export function createLink(options: LinkOptions): Link {
  const { settings, token, instanceId, version, events, notices } = options;
  let current: { pk: string; socket: OutpostSocket } | undefined;
  let healthIsAsked = false;

  function open(pk: string): OutpostSocket {
    let wasAcknowledged = false;
    let isCurrent = true;
    const socket = createOutpostSocket({
      settings,
      token,
      pk,
      instanceId,
      version,
      hostname: hostname(),
      on: {
        acknowledged() {
          notices.forget('outpost.disconnected');
          log('info', 'outpost.connected', `authentik at ${settings.host} is connected`);
          options.onConnection(true);
          options.onGap(options.now());
          // What has changed meanwhile was said to nobody.
          if (wasAcknowledged) options.onChange(0);
          wasAcknowledged = true;
          void askForHealth(pk);
        },
        lost({ problem, refused }) {
          if (!isCurrent) return;
          options.onConnection(false);
          const message = `authentik's websocket at ${settings.host} ${problem}; sessions that end there are heard of when it is back`;
          notices.remind({
            level: refused ? 'error' : 'warn',
            event: 'outpost.disconnected',
            key: 'outpost.disconnected',
            message,
          });
        },
        changed: () => options.onChange(Math.random() * MAX_CHANGE_DELAY_MS),
        sessionEnded: options.onSessionEnd,
        debug: (message) => log('debug', 'outpost.message', message),
      },
    });
    return {
      close() {
        isCurrent = false;
        return socket.close();
      },
    };
  }

  const log = (level: 'debug' | 'info' | 'warn', event: string, message: string) =>
    events.emit('log', { level, event, message });

  /** Once: what authentik says of the two versions. */
  async function askForHealth(pk: string): Promise<void> {
    if (healthIsAsked) return;
    healthIsAsked = true;
    const health = await options.api().health(pk, instanceId);
    if (health === undefined) return;
    const { versionShould = 'of an unknown version', outdated } = health;
    log('info', 'outpost.version', `authentik is ${versionShould}`);
    if (outdated)
      log('warn', 'outpost.outdated', `authentik shows this outpost as outdated: it wants ${versionShould}`);
    const leak = before2024_8_3(versionShould);
    if (leak) log('warn', 'outpost.old_authentik', INTROSPECTION_LEAK);
  }

  return {
    connect(pk) {
      if (current?.pk === pk) return;
      if (current) {
        log('info', 'outpost.renewed', 'the outpost was made anew at authentik: it is connected under its new number');
        void current.socket.close();
      }
      current = { pk, socket: open(pk) };
    },
    renew() {
      if (!current) return;
      const { pk, socket } = current;
      void socket.close();
      options.onConnection(false);
      current = { pk, socket: open(pk) };
    },
    async close() {
      await current?.socket.close();
      current = undefined;
    },
  };
}

/** CVE-2024-47077. */
const INTROSPECTION_LEAK =
  'this authentik answers introspection for tokens of other providers, too (CVE-2024-47077): update it to 2024.8.3 or later';

/** Of a release such as `2024.8.2`. 2024.6.5 has the correction as well. */
function before2024_8_3(release: string): boolean {
  const [, year, month, patch] = (/^(\d{4})\.(\d{1,2})\.(\d{1,3})/.exec(release) ?? []).map(Number);
  if (year === undefined || month === undefined || patch === undefined) return false;
  if (year === 2024 && month === 6) return patch < 5;
  return year * 100 + month < 202_408 || (year === 2024 && month === 8 && patch < 3);
}
