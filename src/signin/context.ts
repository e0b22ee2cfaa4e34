/** What the sign-in endpoints work with. */
import type { Context } from 'koa';
import type { ApplicationConfig, Config } from '../config/schema/config.ts';
import type { Events, SigninEvent } from '../observe/events.ts';
import type { Site } from '../pages/site.ts';
import type { Provider } from '../provider/provider.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Symptoms } from '../symptoms/index.ts';
import type { LoginStates } from './login_state.ts';

export interface SigninOptions {
  config: Pick<Config, 'applications' | 'managed' | 'secret' | 'pages'>;
  /** Finds the application of a browser's host. */
  applications: {
    findByHostname(host: string): { config: ApplicationConfig } | undefined;
    /** The configured addresses that have the name of this host. */
    addressesOf(host: string): readonly string[];
    whyReserved(host: string): string | undefined;
  };
  sessions: Sessions;
  provider: (application: ApplicationConfig) => Provider;
  /** Milliseconds since the epoch. */
  now: () => number;
  events: Events;
  symptoms: Pick<Symptoms, 'reached' | 'looped'>;
  /** `browserHost` of a request. */
  browserHost: (ctx: Context) => string | undefined;
  /** The address of a request's client, in canonical text; `undefined` where it is unknown. */
  clientAddress: (ctx: Context) => string | undefined;
}

export interface SigninContext extends SigninOptions {
  loginStates: LoginStates;
}

/** One request at a sign-in endpoint. The endpoint adds what it learns, for the error handler and the log. */
export interface EndpointRequest {
  ctx: Context;
  /** Whose site a page of the response is. */
  site: Site;
  application?: ApplicationConfig;
  /** The absolute URL that the user wanted to open. */
  returnTo?: string;
}

/** One request of a browser at one application. */
export interface BrowserRequest extends EndpointRequest {
  /** The host that the browser asked for. */
  host: string;
  application: ApplicationConfig;
  provider: Provider;
}

/** What became of a request, for the log. The response itself is in the context of Koa. */
export type Outcome = Pick<SigninEvent, 'outcome' | 'reason' | 'detail' | 'user'>;
