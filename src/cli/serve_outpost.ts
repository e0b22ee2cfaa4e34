/** `gatepost serve` in outpost mode: SIGHUP reads file and environment again, SIGUSR1 reads authentik again. */
import { ConfigError } from '../config/problems.ts';
import { planReload } from '../config/restart.ts';
import type { LoadedConfig, RefusedConfig } from '../config/sources.ts';
import { type OutpostServer, serveOutpost } from '../outpost/serve.ts';
import { changedSettings } from '../outpost/settings.ts';
import { type OutpostSources, readOutpostStart } from '../outpost/start.ts';
import type { OutpostStart } from '../outpost/types.ts';
import { createReloader } from '../server/reloader.ts';
import { onSignal } from './signals.ts';

/** @param sources where `first` was read from, to read it again */
export async function serveForAuthentik(first: OutpostStart, sources: OutpostSources): Promise<OutpostServer> {
  let latest = first;
  let { settings: inForce } = first;

  async function load(): Promise<LoadedConfig | RefusedConfig> {
    try {
      const next = await readOutpostStart(sources);
      if (next === undefined) throw new ConfigError(sources.file ?? '', [TURNED_OFF]);
      latest = next;
      return { config: next.base, files: next.files };
    } catch (error) {
      if (error instanceof ConfigError) return { error, files: latest.files };
      throw error;
    }
  }

  const server = await serveOutpost(first, () => reloader.reload());
  const reloader = createReloader({
    file: first.file ?? 'the environment',
    env: sources.env,
    started: { config: first.base, files: first.files },
    target: {
      events: server.events,
      registry: server.registry,
      async replace(base) {
        const next = { ...latest, base };
        await server.rebase(next);
        inForce = next.settings;
      },
    },
    load,
    otherChanges: () => changedSettings(inForce, latest.settings),
    plan(started, inForce, next) {
      const plan = planReload(started, inForce, next);
      if (latest.settings.secretIsGiven || !plan.keepsSecrets) return plan;
      // Attack: who knew the old token could make sessions with the secret that comes from it.
      server.events.emit('log', { level: 'warn', event: 'outpost.sessions_ended', message: TOKEN_ENDS_SESSIONS });
      return { ...plan, config: { ...plan.config, secret: next.secret }, keepsSecrets: false };
    },
  });
  onSignal('SIGHUP', reloader.reload);
  onSignal('SIGUSR1', server.refresh);
  const { close } = server;
  return Object.assign(server, {
    close() {
      reloader.close();
      return close();
    },
  });
}

const TOKEN_ENDS_SESSIONS =
  'the token of the outpost is another one, and with it the secret that comes from it: all sessions have ended; GATEPOST_SECRET keeps them';

const TURNED_OFF = {
  key: 'outpost',
  line: 0,
  message: 'is gone, and so is AUTHENTIK_TOKEN: whether authentik manages this process needs a restart',
};
