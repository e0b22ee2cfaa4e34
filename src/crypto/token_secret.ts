/** The secret of an outpost that was given none: it follows from the token. */
import { hkdfSync } from 'node:crypto';

/**
 * RFC 5869. Another token is another secret: it opens none of the sessions before.
 * @returns 43 characters, as `secret` of a configuration
 */
export function secretOfToken(token: string): string {
  return Buffer.from(hkdfSync('sha256', token, 'gatepost', 'secret of an outpost token', 32)).toString('base64url');
}
