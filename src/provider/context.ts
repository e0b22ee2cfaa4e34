/** What every step of one application's conversation with its provider needs. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { Client } from './client.ts';
import type { Discovery } from './discovery.ts';

export interface ProviderContext {
  application: ApplicationConfig;
  discovery: Discovery;
  client: Client;
  /** Milliseconds since the epoch. */
  now: () => number;
}
