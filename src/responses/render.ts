/**
 * A decision as the response to a proxy: status, headers and body. Pure but for a session's headers, which are rendered
 * once.
 */
import type { Decision } from '../decision/decision.ts';
import { createAllow } from './allow.ts';
import { denyText, forbid, rateLimited, unavailable, unknownHost } from './deny.ts';
import type { AuthResponse, RenderOptions, ResponseContext } from './response.ts';
import { signIn } from './sign_in.ts';

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
        return forbid(decision, context);
      case 'unknown_host':
        return unknownHost(decision, context, options);
      case 'rate_limited':
        return rateLimited(decision, context);
      case 'uri_too_long':
      case 'headers_too_large':
        return denyText(context, decision.kind);
      case 'invalid_request':
        return denyText(context, 'configuration_error', { message: `configuration error: ${decision.message}` });
      case 'unavailable':
        return unavailable(decision, context, options);
    }
  };
}
