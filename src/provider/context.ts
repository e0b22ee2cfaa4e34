/** What the exchanges of one application with its provider share. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { Events } from '../observe/events.ts';
import type { OnLeftOut } from './claims.ts';
import type { Client } from './client.ts';
import type { Discovery } from './discovery.ts';

export interface ProviderContext {
  application: ApplicationConfig;
  discovery: Discovery;
  client: Client;
  events: Events;
  /** Milliseconds since the epoch. */
  now: () => number;
  onLeftOut: OnLeftOut;
}
