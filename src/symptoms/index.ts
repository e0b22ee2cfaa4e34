/**
 * Faults of the proxy in front that show while Gatepost serves: each is said once, with its cause and its remedy. A false
 * alarm is worse than silence: where a request may be a client's whim, it takes several.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Decision } from '../decision/decision.ts';
import type { AuthRequest } from '../decision/request.ts';
import type { AuthTarget } from '../dialects/index.ts';
import type { Events } from '../observe/events.ts';
import { createWarnOnce } from '../observe/warn_once.ts';
import type { Store } from '../stores/store.ts';
import { lookForHiddenClients } from './hidden_client.ts';
import { lookForHttp } from './http_behind_tls.ts';
import { type CookieFate, createLostCookie } from './lost_cookie.ts';
import { createMissingRouter, isPage } from './missing_router.ts';
import { createRewriteWarning } from './rewritten_path.ts';
import type { Look, Say, SymptomApplication } from './symptom.ts';
import { lookForForeignDialect, warnOfWrongEndpoint } from './wrong_dialect.ts';

export interface Symptoms {
  /**
   * An auth request was answered.
   * @param request `undefined` where it could not be read
   * @param atMs when it came, on the clock that nobody can set
   */
  asked(target: AuthTarget, headers: IncomingHttpHeaders, asked: Asked): void;
  /** A page for browsers was reached; `undefined`: at a host that belongs to no application. */
  reached(application: SymptomApplication['config'] | undefined, page: string): void;
  /** A browser has logged in again and again without an end. */
  looped(application: SymptomApplication['config'], fate: CookieFate): void;
}

export interface Asked {
  request: AuthRequest | undefined;
  decision: Decision;
  atMs: number;
}
