/** The types that programs see of the library. `npm run types` compiles this; nothing runs. */
import type { AddressInfo } from 'node:net';
import { expectTypeOf } from 'vitest';
import {
  type ApplicationConfig,
  type Authenticator,
  type AuthenticatorRequest,
  type Config,
  ConfigError,
  createAuthenticator,
  createEvents,
  type Decision,
  type DecisionEvent,
  type Events,
  GatepostError,
  type LogEvent,
  loadConfig,
  ProviderUnavailable,
  parseConfig,
  type Reason,
  type Running,
  type Session,
  type SigninEvent,
  StoreUnavailable,
  serve,
  type User,
} from '../src/index.ts';

type Of<Kind extends Decision['kind']> = Extract<Decision, { kind: Kind }>;

// A configuration comes from a file or a text.
expectTypeOf(loadConfig).parameter(0).toBeString();
expectTypeOf(loadConfig).returns.resolves.toEqualTypeOf<Config>();
expectTypeOf(parseConfig).parameter(0).toBeString();
expectTypeOf(parseConfig).returns.toEqualTypeOf<Config>();
expectTypeOf<Config['applications'][number]>().toExtend<ApplicationConfig>();

// The authenticator takes what node:http gives, and needs neither options nor the client's address.
expectTypeOf(createAuthenticator).toBeCallableWith({} as Config);
expectTypeOf(createAuthenticator).toBeCallableWith({} as Config, { events: createEvents(), now: Date.now });
expectTypeOf(createAuthenticator).returns.toEqualTypeOf<Authenticator>();
expectTypeOf<{ url: string; method: string; headers: { cookie: string } }>().toExtend<AuthenticatorRequest>();
expectTypeOf<Authenticator['decide']>().returns.resolves.toEqualTypeOf<Decision>();
expectTypeOf<Authenticator['close']>().returns.resolves.toBeVoid();

// A program switches over these kinds. A new one is a breaking change.
expectTypeOf<Decision['kind']>().toEqualTypeOf<
  | 'allow'
  | 'sign_in'
  | 'forbid'
  | 'unknown_host'
  | 'rate_limited'
  | 'unavailable'
  | 'invalid_request'
  | 'uri_too_long'
  | 'headers_too_large'
>();
expectTypeOf<NonNullable<Of<'allow'>['subject']>['session']>().toEqualTypeOf<Session>();
expectTypeOf<Session['user']>().toEqualTypeOf<User>();
expectTypeOf<User>().toExtend<{ username: string; email: string; groups: readonly string[] }>();
expectTypeOf<Of<'sign_in'>['loginUrl']>().toBeString();
expectTypeOf<Of<'rate_limited'>['retryAfter']>().toBeNumber();
expectTypeOf<Of<'unavailable'>['cause']>().toBeUnknown();

// Events are named and typed; a listener gets one of them.
expectTypeOf(createEvents).returns.toEqualTypeOf<Events>();
createEvents().on('decision', (event) => expectTypeOf(event).toEqualTypeOf<DecisionEvent>());
createEvents().on('signin', (event) => expectTypeOf(event).toEqualTypeOf<SigninEvent>());
createEvents().on('log', (event) => expectTypeOf(event).toEqualTypeOf<LogEvent>());

// The server, without and with options.
expectTypeOf(serve).toBeCallableWith({} as Config);
expectTypeOf(serve).returns.resolves.toEqualTypeOf<Running>();
expectTypeOf<Running['http']>().toEqualTypeOf<AddressInfo>();

// Errors are told apart by class and by code.
for (const error of [ProviderUnavailable, StoreUnavailable]) expectTypeOf(error).instance.toExtend<GatepostError>();
expectTypeOf(GatepostError).instance.toHaveProperty('code').toEqualTypeOf<Reason>();
expectTypeOf(ConfigError).instance.toExtend<Error>();
