/** The error response of a provider, in words that may stand in the log. */

/** Of a description, so many characters are kept. */
const MAX_DESCRIPTION_CHARS = 200;

/** A run of characters this long may be a code or a token that the description quotes. */
const SECRET_LIKE = /[\w\-.~+/=%]{20,}/g;

/** Words that a provider joins to a code of its own (Keycloak: `authentication_expired`). */
const WORDS = /^[a-z]{1,19}(?:_[a-z]{1,19})+$/;
const mask = (run: string) => (WORDS.test(run) ? run : '…');

/**
 * An `error_description` (RFC 6749 section 5.2) for the log.
 * Attack: in a callback, the description comes from the address bar of the browser, so that any text may be in it.
 * Attack: some providers quote in it the code or token that they were sent.
 * So only the characters that the section allows stay, and no run that is long enough for a secret.
 * @returns `undefined` where nothing readable is left
 */
export function readDescription(description: unknown): string | undefined {
  if (typeof description !== 'string') return undefined;
  const text = description.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]+/g, ' ').replace(SECRET_LIKE, mask);
  return text.trim().slice(0, MAX_DESCRIPTION_CHARS) || undefined;
}

/** An error response. The message has its code and its description; nothing else of the response is kept. */
export class OAuthError extends Error {
  /** The code alone, as RFC 6749 section 5.2 or an extension names it. */
  readonly error: string;
  /** The code and the description, without the source. */
  readonly said: string;

  /** @param source what sent it */
  constructor(error: string, description?: unknown, source?: string) {
    const code = /^[\w-]{1,60}$/.test(error) ? error : 'unknown_error';
    const sentence = readDescription(description);
    const said = sentence === undefined ? code : `${code}: ${sentence}`;
    super(source === undefined ? said : `${said} (${source})`);
    this.name = 'OAuthError';
    this.error = code;
    this.said = said;
  }
}
