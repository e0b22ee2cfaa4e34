/** Warns, once for each application and header, that a proxy changes the path before it sends the auth request. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dialect } from '../dialects/dialect.ts';
import type { Events } from '../observe/events.ts';
import { createWarnOnce } from '../observe/warn_once.ts';

export type RewriteWarning = (dialect: Dialect, headers: IncomingHttpHeaders, application: string | undefined) => void;

/** A value in the log is no longer. */
const MAX_VALUE_CHARACTERS = 100;

/**
 * Access rules and the way back from a login are about the address that the client wrote. Behind a middleware that takes
 * a prefix off, Gatepost gets another one, and nobody would know: a rule for `/public/` opens `/grafana/public/`.
 */
export function createRewriteWarning(events: Events): RewriteWarning {
  const warnOnce = createWarnOnce(events, 'rewritten paths');
  return ({ rewriteHeaders }, headers, application) => {
    if (rewriteHeaders === undefined || application === undefined) return;
    for (const name of rewriteHeaders) {
      const value = headers[name];
      if (value) warnOnce(`${application} ${name}`, () => pathRewritten(name, String(value), application));
    }
  };
}

function pathRewritten(name: string, value: string, application: string) {
  const shown = JSON.stringify(value.slice(0, MAX_VALUE_CHARACTERS));
  const message = `${name} is ${shown}: the path was changed before the auth request, so that access rules and logins are about another address than the client's; the middleware of Gatepost belongs before stripPrefix and replacePath`;
  return { event: 'proxy.path_rewritten', message, application };
}
