/**
 * The codes of openid-client's errors that Gatepost distinguishes. The library exports no names for them; these are
 * oauth4webapi's.
 */

/** A claim of an ID token is not the expected one: `iss`, `aud`, `nonce`, … */
export const JWT_CLAIM_COMPARISON = 'OAUTH_JWT_CLAIM_COMPARISON_FAILED';
/** `exp`, `iat` or `nbf` of an ID token is out of range. */
export const JWT_TIMESTAMP_CHECK = 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED';
/** A member of a JSON document is not the expected one: `issuer` of discovery, `sub` of userinfo. */
export const JSON_ATTRIBUTE_COMPARISON = 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED';
export const KEY_SELECTION = 'OAUTH_KEY_SELECTION_FAILED';
export const UNSUPPORTED_OPERATION = 'OAUTH_UNSUPPORTED_OPERATION';
export const INVALID_RESPONSE = 'OAUTH_INVALID_RESPONSE';
