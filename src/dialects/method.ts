import { type Unusable, unusable } from './forwarded_headers.ts';

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** The method that a header names (RFC 9110, section 9.1: a token, letter case matters); two headers are no token. */
export function readMethod(text: string, header: string): string | Unusable {
  return token.test(text) ? text : unusable(header, 'is not one method');
}
