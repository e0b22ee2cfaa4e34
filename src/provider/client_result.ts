/** What came of a request that Gatepost sent as a client. */
import type { Rejection } from './rejection.ts';

/** What the provider responded, checked by openid-client but not by Gatepost yet. */
export type ClientResult<T> = { kind: 'response'; response: T } | Rejection;
