import { type InvalidHeader, invalidHeader } from './forwarded_headers.ts';

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** The method that a header names (RFC 9110, section 9.1: a token, letter case matters); two headers are no token. */
export function parseMethod(text: string, header: string): string | InvalidHeader {
  return token.test(text) ? text : invalidHeader(header, 'is not one method');
}
