/** What a response is made from, and what it consists of. */
import type { Application } from '../decision/application.ts';
import type { AuthRequest } from '../decision/request.ts';
import type { Capabilities } from '../dialects/dialect.ts';
import type { Whole } from '../http/whole_response.ts';
import type { Site } from '../pages/site.ts';

export type AuthResponse = Whole;

/** What a response depends on beside the decision. */
export interface ResponseContext {
  /** `undefined` where it could not be read, or the peer is not trusted. */
  request: AuthRequest | undefined;
  /** What the proxy can hand on to the client. */
  capabilities: Capabilities;
  requestId: string;
}

export interface RenderOptions {
  outpost: string;
  /** `jwks_uri` of an application's provider as far as it is known; empty before. */
  jwksUri(application: Application): string;
  /** Whose site a page is that belongs to no application. */
  site: Site;
  /** Called for an additional header that is not sent. */
  onRefusedHeader(application: Application, name: string): void;
  /**
   * Called for a value of a header of `identity_headers` that is not sent.
   * @param value `undefined` where it may be a secret
   */
  onUnusableValue(application: Application, header: string, value: string | undefined): void;
  now(): number;
}
