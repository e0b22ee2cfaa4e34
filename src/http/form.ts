/** A small form that was posted (RFC 6749 appendix B). */
import type { IncomingMessage } from 'node:http';
import { readLimited } from './read_limited.ts';
import { hasBody } from './unread_request.ts';

/** A logout token has one or two thousand bytes. */
const MAX_FORM_BYTES = 64 * 1024;

/** The fields of the form; `undefined` for any other body and for one that is too long. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';', 1);
  if (type.trim().toLowerCase() !== 'application/x-www-form-urlencoded') return undefined;
  const text = await readLimited(request, MAX_FORM_BYTES);
  return text === undefined ? undefined : new URLSearchParams(text);
}

/** Whether the request came without a body, or with an empty one that `form` was read from. */
export function hasNoBody(request: IncomingMessage, form: URLSearchParams | undefined): boolean {
  return !hasBody(request) || form?.size === 0;
}
