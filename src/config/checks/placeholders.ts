/** Warns of values that stand for others: a variable in another program's spelling, a secret that was never set. */
import { isObject } from '../../json.ts';
import type { KeyPath, Report } from '../problems.ts';
import { looksLikeVariable } from '../schema/variables.ts';
import type { ValidConfig } from './types.ts';

/** In a pattern `$` is an end, and in a password it may be itself. */
const PATTERNS = ['path', 'skip_path_regex'];

const PLACEHOLDER =
  /change[-_ ]?(?:me|this|it)|place[-_ ]?holder|^<.*>$|^(?:…|\.\.\.|xxx+|todo)$|your[-_ ]?(?:client[-_ ]?)?secret/i;

/** @param tree the configuration, or what was read of one that is wrong */
export function warnOfVariables(tree: unknown, report: Report, path: KeyPath = []): void {
  if (typeof tree === 'string') {
    if (looksLikeVariable(tree))
      report(path, 'has what looks like a variable and is taken as it stands: Gatepost replaces ${NAME} only');
    return;
  }
  if (!Array.isArray(tree) && !isObject(tree)) return;
  for (const [key, value] of Array.isArray(tree) ? tree.entries() : Object.entries(tree)) {
    if (!PATTERNS.includes(String(key))) warnOfVariables(value, report, [...path, key]);
  }
}

/** Attack: a secret that stands in a book opens every session. */
export function warnOfPlaceholders({ secret = [], applications }: ValidConfig, report: Report): void {
  if (secret.some((one) => PLACEHOLDER.test(one))) {
    report(['secret'], 'is a placeholder that strangers know: openssl rand -base64 32 makes one of your own');
  }
  applications.forEach(({ client_id, client_secret }, index) => {
    for (const [key, value] of Object.entries({ client_id, client_secret })) {
      if (value !== undefined && PLACEHOLDER.test(value))
        report(['applications', index, key], 'is a placeholder: take the one that the provider shows for this client');
    }
  });
}
