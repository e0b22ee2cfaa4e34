/** The times that every exchange with a provider keeps. */

/** Milliseconds for one request to the provider, and for all requests that one call of a `Provider` needs. */
export const PROVIDER_TIMEOUT_MS = 10_000;

/** Seconds by which the clocks of Gatepost and a provider may differ. */
export const CLOCK_SKEW_SECONDS = 60;
