/** `gatepost serve` in outpost mode: SIGHUP reads file and environment again, SIGUSR1 reads authentik again. */
import { ConfigError } from '../config/problems.ts';
import type { LoadedConfig, RefusedConfig } from '../config/sources.ts';
import { type OutpostServer, serveOutpost } from '../outpost/serve.ts';
import { readOutpostStart } from '../outpost/start.ts';
import type { OutpostStart } from '../outpost/types.ts';
import { createReloader } from '../server/reloader.ts';
import { onHangup } from './hangup.ts';
import type { Io } from './io.ts';
