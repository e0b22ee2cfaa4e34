/** Reads a small form that was posted (RFC 6749 appendix B); whatever is no such form is `undefined`. */
import type { Context } from 'koa';

/** Bytes. A logout token has one or two thousand. */
const MAX_FORM_BYTES = 64 * 1024;

export async function readForm(ctx: Context): Promise<URLSearchParams | undefined> {
  if (!ctx.is('application/x-www-form-urlencoded')) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_FORM_BYTES) return undefined;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString());
}
