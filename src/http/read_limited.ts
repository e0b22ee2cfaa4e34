/** Reads the body of a request or of a response, up to a size. */

/**
 * The body as text (UTF-8), without a byte order mark: some editors and file stores put one before JSON.
 * Attack: a body without an end would fill the memory.
 * @returns `undefined` where it is longer than `maxBytes`
 */
export async function readLimited(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string | undefined> {
  const { bytes, isWhole } = await readBytes(body, maxBytes);
  return isWhole ? new TextDecoder().decode(bytes) : undefined;
}

/** The bytes of the body, or as many of them as came before `maxBytes` were passed. */
export async function readBytes(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<{ bytes: Uint8Array; isWhole: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) return { bytes: Buffer.concat(chunks), isWhole: false };
    chunks.push(chunk);
  }
  return { bytes: Buffer.concat(chunks), isWhole: true };
}
