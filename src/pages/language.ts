/** The language of a page: that of the site, or the one that the browser would rather have. */
import Negotiator from 'negotiator';

/** The first one is that of a visitor who wants none of them. */
export const LANGUAGES = ['en', 'de'] as const;

export type Language = (typeof LANGUAGES)[number];

/** Characters; a browser sends fewer than a hundred. */
const MAX_CHARS = 1024;

/**
 * @param setting `auto`: as the browser says
 * @param acceptLanguage `Accept-Language` (RFC 9110 section 12.5.4): `de-AT` is served by `de`
 */
export function chooseLanguage(setting: Language | 'auto', acceptLanguage: string | undefined): Language {
  if (setting !== 'auto') return setting;
  const [first] = LANGUAGES;
  // Attack: thousands of languages in one header, which the parser would sort for each page.
  if (acceptLanguage === undefined || acceptLanguage.length > MAX_CHARS) return first;
  const wanted = new Negotiator({ headers: { 'accept-language': acceptLanguage } }).language([...LANGUAGES]);
  return LANGUAGES.find((language) => language === wanted) ?? first;
}
