/** Texts in few bytes: an address has to fit into a `state` or a cookie. */
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

const PLAIN = 0;
const BROTLI = 1;

/** Higher ones take ten times as long for a tenth less, and anybody may ask for a login. */
const QUALITY = 5;

/** The first byte says how the others are to be read. */
export function pack(text: string): Buffer {
  const plain = Buffer.from(text);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: QUALITY,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
  };
  const compressed = brotliCompressSync(plain, { params });
  const [kind, body] = compressed.length < plain.length ? [BROTLI, compressed] : [PLAIN, plain];
  return Buffer.concat([Buffer.of(kind), body]);
}

/**
 * @param maxBytes of the text; a longer one is no text of ours
 * @returns `undefined` for what `pack` has not made
 */
export function unpack(packed: Buffer, maxBytes: number): string | undefined {
  const body = packed.subarray(1);
  if (packed[0] === PLAIN) return body.length <= maxBytes ? body.toString() : undefined;
  if (packed[0] !== BROTLI) return undefined;
  try {
    return brotliDecompressSync(body, { maxOutputLength: maxBytes }).toString();
  } catch {
    return undefined;
  }
}
