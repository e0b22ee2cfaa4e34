/**
 * The events that only metrics count: calls of providers and of the store, and what becomes of sessions and credentials.
 * Each member is a word of a closed list or of the configuration, so that a client can make no label.
 */

/** What Gatepost asks of a provider; `token` is the code of a login or a user name with a password. */
export type ProviderCall = 'discovery' | 'keys' | 'token' | 'refresh' | 'userinfo' | 'introspection' | 'par';

/**
 * `rejected`: the provider refused a code, token or password. `client_rejected`: it does not take this client.
 * `unavailable`: the network, a 5xx, or a response that cannot be used. `timeout`: no answer in time.
 */
export type ProviderOutcome = 'ok' | 'rejected' | 'client_rejected' | 'unavailable' | 'timeout';

/** One request to a provider. */
export interface ProviderCallEvent {
  /** As it is configured: nobody outside chooses it. */
  readonly issuer: string;
  readonly call: ProviderCall;
  readonly outcome: ProviderOutcome;
  readonly duration_ms: number;
}

/** One call of the session store. A request of a known session makes none. */
export interface StoreCallEvent {
  /** A method of `Store`. */
  readonly operation: string;
  readonly outcome: 'ok' | 'unavailable';
  readonly duration_ms: number;
}

export interface SessionStartedEvent {
  readonly application: string;
  readonly auth_method: 'login' | 'basic' | 'bearer';
}

/**
 * `signed_out`: by its user. `logged_out`: by the provider, one event for each logout token, however many sessions it
 * ends, and for each session that the provider says has ended when it is asked. `replaced`: by a new login of the same browser. `idle`: `session_idle`. `refresh_refused`, `credential_refused`:
 * by the provider. `ended`: by an operator or its user, alone. A session that expires ends without an event.
 */
export type SessionEnd =
  | 'signed_out'
  | 'logged_out'
  | 'replaced'
  | 'idle'
  | 'refresh_refused'
  | 'credential_refused'
  | 'ended';

export interface SessionEndedEvent {
  readonly application: string;
  readonly reason: SessionEnd;
}

/** One try to refresh a session at the provider. */
export interface RefreshEvent {
  readonly application: string;
  /** sessions/refresh_session.ts says what each means. */
  readonly outcome: 'refreshed' | 'ended' | 'unavailable' | 'failed' | 'contested';
}

/** One check of an `Authorization` that was not known. `limited`: it was not checked, as a guess too many. */
export interface CredentialEvent {
  readonly application: string;
  readonly scheme: 'basic' | 'bearer';
  readonly outcome: 'accepted' | 'refused' | 'limited' | 'unavailable';
}
