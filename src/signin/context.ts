/** What the sign-in endpoints work with. */
import type { Context } from 'koa';
import type { ApplicationConfig, Config } from '../config/schema/config.ts';
import type { Events, SigninEvent } from '../observe/events.ts';
import type { Provider } from '../provider/provider.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { LoginStates } from './login_state.ts';

export interface SigninOptions {
  config: Pick<Config, 'applications' | 'secret' | 'session_max_age'>;
  /** Which application a browser means by a host. */
  applications: { findByHostname(host: string): { config: ApplicationConfig } | undefined };
  sessions: Sessions;
  provider: (application: ApplicationConfig) => Provider;
  now: () => number;
  events: Events;
  /** The host that the browser asked for: `X-Forwarded-Host` of a trusted peer, else `Host`, in the form that hosts are compared in. */
  forwardedHost: (ctx: Context) => string | undefined;
}

export interface SigninContext extends SigninOptions {
  loginStates: LoginStates;
}

/** One request of a browser at one application. */
export interface BrowserRequest {
  ctx: Context;
  application: ApplicationConfig;
  provider: Provider;
}

/** What became of it, for the log. The answer itself is in the context. */
export type Outcome = Pick<SigninEvent, 'outcome' | 'reason' | 'detail' | 'user'>;
