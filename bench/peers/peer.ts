/** What every server has that is measured beside Gatepost, and Gatepost itself. */
import type { createBrowser } from '../../test/support/browser.ts';
import type { Server } from '../servers.ts';

export type Browser = ReturnType<typeof createBrowser>;

/** The OpenID client that all of them but Gatepost are at the provider. */
export const CLIENT_ID = 'peers';
export const CLIENT_SECRET = 'a-client-secret-of-the-peers';
/** Of cookies and sessions; some servers want exactly 32 characters. */
export const COOKIE_SECRET = '0123456789abcdef0123456789abcdef';

/** What a server is started with. */
export interface Place {
  issuer: string;
  port: number;
  /** A folder of its own, which goes with it. */
  folder: string;
  /** Whether its log goes to the terminal instead of /dev/null. */
  verbose: boolean;
}

export interface Running extends Server {
  /** The path and query of the auth request. */
  target: string;
  /** The status for a valid session. */
  allowed: number;
  /** Headers of the auth request, in place of those that Traefik sends. */
  headers?: Record<string, string>;
  /** Opens the login and returns the provider's form. */
  openLogin(browser: Browser): ReturnType<Browser['open']>;
  signOut(browser: Browser): ReturnType<Browser['open']>;
}

export interface Peer {
  /** As `--peers` names it. */
  name: string;
  /** The path at which the provider sends people back. */
  callback?: string;
  /**
   * Gets what it needs; only looks where it is there.
   * @returns what the table calls it, with its version
   * @throws Error that says why it cannot be had
   */
  prepare(): string;
  start(place: Place): Promise<Running>;
}
