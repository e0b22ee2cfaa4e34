/** What the double keeps: outposts and their instances, sessions and tokens, what was posted. */
import type { TestUser } from '../../demo/provider/options.ts';
import type { ProxyProvider } from './proxy_provider.ts';
import type { Traits } from './releases.ts';

export interface Outpost {
  pk: string;
  name: string;
  type: string;
  managed: string | null;
  refresh_interval_s: number;
  /** Laid over authentik's defaults. */
  config: Record<string, unknown>;
}

/** What an instance said with its last hello; the values are kept as they came. */
export interface InstanceState {
  uid: string;
  lastSeenMs: number;
  version: unknown;
  buildHash: unknown;
  golangVersion: unknown;
  opensslEnabled: unknown;
  opensslVersion: unknown;
  fipsEnabled: unknown;
  hostname: unknown;
}

export interface Session {
  key: string;
  /** The `sid` claim of its tokens. */
  sid: string;
  username: string;
  startedMs: number;
}

export interface Grant {
  provider: ProxyProvider;
  user: TestUser;
  scope: string[];
  authTimeMs: number;
  session: Session | undefined;
  nonce: string | undefined;
  expiresMs: number;
  /** The claims of the ID token. */
  claims: Record<string, unknown>;
}

export interface Code extends Omit<Grant, 'claims'> {
  redirectUri: string;
  challenge: string | undefined;
}

export interface PostedEvent {
  message: unknown;
  provider: unknown;
  outpost: unknown;
  url: unknown;
}

export interface Login {
  username: string;
  provider: string;
  by: 'browser' | 'app_password';
  /** What authentik takes for the visitor's address. */
  address: string;
}

export interface Settings {
  traits: Traits;
  pageSize: number;
  future: boolean;
  /** `raw`: as first states of 2023.10, where one side was not hashed. */
  sidClaim: 'hashed' | 'raw';
  sessionEvent: 'hashed' | 'raw';
  /** The server's own; empty in releases. */
  buildHash: string;
  /** Discovery is no violation: for clients with a file. */
  allowsDiscovery: boolean;
  /** The server's clock, in milliseconds. */
  now: () => number;
}
