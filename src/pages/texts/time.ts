/** Times for people. */

/**
 * A time in the words of a language, in UTC: pages run no script, so nothing tells the visitor's own zone.
 * @param locale of Unicode's CLDR (`en-GB`)
 * @returns the text of a time in milliseconds since the epoch
 */
export function timeIn(locale: string): (ms: number) => string {
  let format: Intl.DateTimeFormat | undefined;
  return (ms) => {
    // Made at the first use: it costs a process some milliseconds at its start.
    format ??= new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
    return `${format.format(ms)} UTC`;
  };
}
