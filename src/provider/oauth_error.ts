/** What a provider said when it said no, in words that may stand in the log. */

/** Characters of a provider's sentence that are kept. */
const MAX_DESCRIPTION_CHARS = 200;

/** A run of characters this long may be a code or a token that the sentence quotes. */
const SECRET_LIKE = /[\w\-.~+/=%]{20,}/g;

/**
 * An `error_description` (RFC 6749 section 5.2) for the operator, or `undefined`. Attacks: it comes from elsewhere, in a
 * callback from the visitor's own address bar, and some providers repeat in it what they were sent. So only the
 * characters that the section allows stay, and no run that is long enough for a secret.
 */
export function readDescription(description: unknown): string | undefined {
  if (typeof description !== 'string') return undefined;
  const text = description.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]+/g, ' ').replace(SECRET_LIKE, '…');
  return text.trim().slice(0, MAX_DESCRIPTION_CHARS) || undefined;
}

/** The provider's error answer. The message has its code and its sentence; the answer itself is left behind. */
export class OAuthError extends Error {
  /** The code alone, as RFC 6749 section 5.2 or an extension names it. */
  readonly error: string;

  constructor(error: string, description?: unknown) {
    const code = /^[\w-]{1,60}$/.test(error) ? error : 'unknown_error';
    const words = readDescription(description);
    super(words === undefined ? code : `${code}: ${words}`);
    this.name = 'ProviderAnswer';
    this.error = code;
  }
}
