/** Warns, once for each application, that a proxy changes the path before it sends the auth request. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Say } from './symptom.ts';

/** A value in the log is no longer. */
const MAX_VALUE_CHARACTERS = 100;

/**
 * Access rules and the way back from a login are about the address that the client wrote. Behind a middleware that takes
 * a prefix off, Gatepost gets another one, and nobody would know: a rule for `/public/` opens `/grafana/public/`.
 * @returns looks at the headers by which the proxy says so
 */
export function lookForRewrittenPath(say: Say, slug: string) {
  return (names: readonly string[], headers: IncomingHttpHeaders): void => {
    for (const name of names) {
      const value = headers[name];
      if (value) say('proxy.path_rewritten', slug, () => sentence(name, String(value)));
    }
  };
}

function sentence(name: string, value: string): string {
  const shown = JSON.stringify(value.slice(0, MAX_VALUE_CHARACTERS));
  return `${name} is ${shown}: the path was changed before the auth request, so that access rules and logins are about another address than the client's; the middleware of Gatepost belongs before stripPrefix and replacePath`;
}
