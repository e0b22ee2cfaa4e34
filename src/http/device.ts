/** A short name for the device or program behind a `User-Agent`, for people to recognise it. Pure. */
import { replaceControls } from '../characters.ts';

type Names = readonly (readonly [pattern: RegExp, name: string])[];

/** The first that matches: browsers name those that they are made from, too. */
const BROWSERS: Names = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|Opera|OPT)\//, 'Opera'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:HeadlessChrome|Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];

const SYSTEMS: Names = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac(?:intosh| OS X)\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

/** Attack: a header of 16 KiB that each pattern has to look through. */
const MAX_READ_CHARS = 400;
const MAX_SHOWN_CHARS = 60;

const nameIn = (names: Names, text: string) => names.find(([pattern]) => pattern.test(text))?.[1];

/**
 * `Firefox, Windows` for a browser, the first word for a program (`restic/0.17.3`). What the client says of itself: it
 * proves nothing.
 */
export function deviceOf(userAgent: string | undefined): string | undefined {
  const text = replaceControls(userAgent?.slice(0, MAX_READ_CHARS) ?? '').trim();
  if (!/^Mozilla\//i.test(text)) return /^[\x21-\x7e]+/.exec(text)?.[0].slice(0, MAX_SHOWN_CHARS);
  const known = [nameIn(BROWSERS, text), nameIn(SYSTEMS, text)].filter((name) => name !== undefined);
  return known.length === 0 ? undefined : known.join(', ');
}
