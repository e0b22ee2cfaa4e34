/**
 * Faults of the proxy in front that show while Gatepost serves: each is said once, with its cause and its remedy. A false
 * alarm is worse than silence: where a request may be a client's whim, it takes several.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { Decision } from '../decision/decision.ts';
import type { AuthRequest } from '../decision/request.ts';
import type { AuthTarget } from '../dialects/index.ts';
import type { Events } from '../observe/events.ts';
import { createWarnOnce } from '../observe/warn_once.ts';
import type { Store } from '../stores/store.ts';
import { lookForHiddenClients } from './hidden_client.ts';
import { lookForHttp } from './http_behind_tls.ts';
import { type CookieFate, createLostCookie } from './lost_cookie.ts';
import { createMissingRouter, isPage, type Page } from './missing_router.ts';
import { lookForRewrittenPath } from './rewritten_path.ts';
import type { Look, Say } from './symptom.ts';
import { warnOfUntrustedProxy } from './untrusted_proxy.ts';
import { lookForForeignDialect, warnOfWrongEndpoint } from './wrong_dialect.ts';

export type { CookieFate } from './lost_cookie.ts';

/** An auth request that was answered. */
export interface Asked {
  target: AuthTarget;
  headers: IncomingHttpHeaders;
  /** `undefined` where it could not be read. */
  request: AuthRequest | undefined;
  decision: Decision;
}

export interface Symptoms {
  asked(asked: Asked): void;
  /** A page for browsers was reached; `undefined`: at a host that belongs to no application. */
  reached(application: ApplicationConfig | undefined, page: string): void;
  /** A browser logged in three times in half a minute, and has to again. */
  looped(application: ApplicationConfig, fate: CookieFate): void;
}

export interface SymptomsOptions {
  events: Events;
  /** Milliseconds on a clock that nobody can set. */
  elapsed: () => number;
  /** The store, where several processes may share it. */
  shared: Store | undefined;
  /** Whether Gatepost stands in the place of authentik's outpost. */
  isOutpost?: boolean;
}

export function createSymptoms({ events, elapsed, shared, isOutpost = false }: SymptomsOptions): Symptoms {
  const warnOnce = createWarnOnce(events, 'symptoms');
  const say: Say = (event, application, sentence) =>
    warnOnce(`${event} ${application}`, () => ({ event, message: sentence(), application }));
  const lookAtRefusal = isOutpost ? warnOfUntrustedProxy : () => {};
  const reachedElsewhere = new Set<Page>();
  const wasReachedElsewhere = (page: Page) => reachedElsewhere.has(page);
  /** By slug: as many as the configuration has. */
  const applications = new Map<string, ReturnType<typeof createSymptomsOf>>();

  function createSymptomsOf(application: ApplicationConfig) {
    const { slug } = application;
    const router = createMissingRouter({ say, elapsed, shared, wasReachedElsewhere }, slug);
    const cookie = createLostCookie(say, elapsed, application);
    const looks: Look[] = [
      router.look,
      cookie.look,
      lookForHttp(say, application),
      lookForHiddenClients(say, application),
    ];
    const foreignDialect = lookForForeignDialect(say, slug);
    const rewrittenPath = lookForRewrittenPath(say, slug);
    return { router, cookie, looks, foreignDialect, rewrittenPath };
  }

  function of(application: ApplicationConfig) {
    let known = applications.get(application.slug);
    if (known === undefined) {
      known = createSymptomsOf(application);
      applications.set(application.slug, known);
    }
    return known;
  }

  return {
    asked({ target, headers, request, decision }) {
      warnOfWrongEndpoint(say, target, headers);
      lookAtRefusal(say, decision);
      const application = 'application' in decision ? decision.application : undefined;
      if (request === undefined || application === undefined) return;
      const { looks, foreignDialect, rewrittenPath } = of(application.config);
      const session = 'subject' in decision ? decision.subject?.session : undefined;
      const login = session?.authMethod === 'login' ? session : undefined;
      if (target.dialect.name === 'nginx') foreignDialect(request, login);
      if (target.dialect.rewriteHeaders !== undefined) rewrittenPath(target.dialect.rewriteHeaders, headers);
      for (const look of looks) look(request, login);
    },
    reached(application, page) {
      if (!isPage(page)) return;
      if (application === undefined) reachedElsewhere.add(page);
      else of(application).router.reached(page);
    },
    looped: (application, fate) => of(application).cookie.looped(fate),
  };
}
