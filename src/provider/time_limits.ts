/** The times that every exchange with a provider keeps. */

/** Milliseconds for one request to the provider, and for all requests that one call of a `Provider` needs. */
export const PROVIDER_TIMEOUT_MS = 10_000;

/** Milliseconds for one request, a little less: so the log names the endpoint that hangs, and not the call alone. */
export const REQUEST_TIMEOUT_MS = 9_800;

/** Seconds by which the clocks of Gatepost and a provider may differ. */
export const CLOCK_SKEW_SECONDS = 60;
