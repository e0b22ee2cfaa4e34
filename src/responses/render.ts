/** A decision as the response to a proxy: status, headers and body. Pure but for a session's headers, which are rendered once. */
import type { Application } from '../decision/application.ts';
import type { Decision, Forbid } from '../decision/decision.ts';
import type { AuthRequest } from '../decision/request.ts';
import type { Capabilities } from '../dialects/dialect.ts';
import { createAllow } from './allow.ts';
import { denyText, forbid, unavailable, unknownHost } from './deny.ts';
import { signIn } from './sign_in.ts';

export interface AuthResponse {
  status: number;
  /** Names and values in turn, as `response.writeHead` takes them. */
  headers: readonly string[];
  body: string;
}

/** What a response depends on beside the decision. */
export interface ResponseContext {
  /** `undefined` where it could not be read, or the peer is not trusted. */
  request: AuthRequest | undefined;
  /** What the proxy can hand on to the client. */
  capabilities: Capabilities;
  requestId: string;
}

/** A page with its own headers, names and values in turn. */
export interface RenderedPage {
  headers: readonly string[];
  body: string;
}

export interface RenderOptions {
  outpost: string;
  /** `jwks_uri` of an application's provider as far as it is known; empty before. */
  jwksUri(application: Application): string;
  /** A page for a person who was refused. */
  deniedPage(decision: Forbid, requestId: string): RenderedPage;
  /** A page for a person who opens a host that no application has. */
  unknownHostPage(host: string, requestId: string): RenderedPage;
  /** Hears of an additional header that is not sent. */
  onRefusedHeader(application: Application, name: string): void;
  now(): number;
}

export type Render = (decision: Decision, context: ResponseContext) => AuthResponse;

export function createRender(options: RenderOptions): Render {
  const allow = createAllow(options);
  return (decision, context) => {
    switch (decision.kind) {
      case 'allow':
        return allow(decision, context);
      case 'sign_in':
        return signIn(decision, context);
      case 'forbid':
        return forbid(decision, context, options);
      case 'unknown_host':
        return unknownHost(decision.host, context, options);
      case 'rate_limited':
        return denyText(context, 429, 'rate_limited', ['Retry-After', String(decision.retryAfter)]);
      case 'invalid_request':
        return denyText(context, 500, 'configuration_error', [], `configuration error: ${decision.message}`);
      case 'unavailable':
        return unavailable(decision.reason, context);
    }
  };
}
