/** The trace that a request belongs to, for the log: `traceparent` (W3C Trace Context, section 3.2). Pure. */

export interface TraceContext {
  /** 32 digits. */
  traceId: string | undefined;
  /** 16 digits: the caller's span. Gatepost makes none of its own. */
  spanId: string | undefined;
}

/** Version, trace, span, flags; a version after `00` may have more behind it. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-[\x20-\x7e]*)?$/;
/** Longer ones are none: nobody has defined a later version so far. */
const MAX_CHARACTERS = 512;
const NONE: TraceContext = { traceId: undefined, spanId: undefined };

/**
 * Attack: a client may write the header as it likes. Nothing of it but hexadecimal digits gets into the log, and a value
 * that is not exactly as the standard has it is none.
 * @param header as Node gives it; several are one with commas in it, which is none
 */
export function parseTraceparent(header: string | string[] | undefined): TraceContext {
  if (typeof header !== 'string' || header.length > MAX_CHARACTERS) return NONE;
  const [, traceId, spanId, more] = TRACEPARENT.exec(header) ?? [];
  if (more !== undefined && header.startsWith('00')) return NONE;
  return { traceId, spanId };
}
