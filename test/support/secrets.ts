/** Looks for what must not be found: passwords, tokens and cookies, in whatever spelling. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The session ids in a cookie jar of curl's (Netscape's format), or in headers. */
export function cookies(text: string): string[] {
  return [...text.matchAll(/authentik_proxy_[0-9a-f]{8}[\t=]([\w-]{43})/g)].map(([, id]) => id!);
}

/** The session cookies in the jars that programs have left in a folder. */
export function cookiesIn(folder: string): string[] {
  const paths = readdirSync(folder).map((name) => join(folder, name));
  return paths.filter((path) => statSync(path).isFile()).flatMap((path) => cookies(readFileSync(path, 'utf8')));
}

/**
 * The JWTs in a text. Three parts are asked for: `eyJ` alone, three characters, comes up by chance in some kilobytes of
 * base64, which sealed values are.
 */
export function findTokens(text: string): string[] {
  return text.match(/eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g) ?? [];
}

/** Which of the secrets are in the text: in plain, percent-encoded, in base64 alone or as alice's Basic credential; any JWT too. */
export function findLeaks(text: string, secrets: string[]): string[] {
  const base64 = (value: string) => Buffer.from(value).toString('base64').replace(/=+$/, '');
  const spellings = secrets.flatMap((one) => [one, encodeURIComponent(one), base64(one), base64(`alice:${one}`)]);
  return [...spellings.filter((one) => text.includes(one)), ...findTokens(text)];
}
