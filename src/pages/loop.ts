/** The pages of a login that comes again and again: why, as far as it can be told from here. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isHttps } from '../endpoints.ts';
import { hostOf } from '../http/url.ts';
import { type PageApplication, startLink } from './application.ts';
import type { Page } from './content.ts';
import type { Texts } from './texts/index.ts';

type LoopApplication = PageApplication & Pick<ApplicationConfig, 'mode' | 'cookie_domain'>;

/** What happened, and its possible causes. */
interface Diagnosis {
  why: string;
  causes: string[];
}

/** @param hasSession whether the browser has sent the cookie of a session that this process knows */
export function loginLoopPage(application: LoopApplication, returnTo: string, hasSession = false): Page {
  return loopPage(application, returnTo, ({ loop: { lost, kept } }) => {
    const cookieKept = [kept.proxy, kept.processes];
    if (hasSession) return { why: kept.why(application.name), causes: cookieKept };
    return { why: lost.why(application.name), causes: [...cookieLost(application, lost), ...cookieKept] };
  });
}

function cookieLost(application: LoopApplication, lost: Texts['loop']['lost']): string[] {
  const { external_host, mode, cookie_domain } = application;
  return [
    lost.browser,
    mode === 'forward_domain' ? lost.domain(cookie_domain) : lost.host(hostOf(external_host)),
    isHttps(application) ? lost.https : lost.http,
    lost.clock,
  ];
}

/** Logins come back and cannot be told, though the browser keeps its cookies. */
export function stateLostPage(application: PageApplication, returnTo: string): Page {
  return loopPage(application, returnTo, ({ loop: { stateLost } }) => ({
    why: stateLost.why(application.name),
    causes: [stateLost.changed, stateLost.secrets],
  }));
}

/**
 * The provider refuses the code of every login.
 * @param code its error
 */
export function codeRefusedPage(application: PageApplication, returnTo: string, code: string): Page {
  const page = loopPage(application, returnTo, ({ loop: { codeRefused } }) => ({
    why: codeRefused.why(application.name),
    causes: [codeRefused.client, codeRefused.twice, codeRefused.servers],
  }));
  return { ...page, code };
}

function loopPage(application: PageApplication, returnTo: string, diagnose: (texts: Texts) => Diagnosis): Page {
  return {
    reason: 'login_loop',
    content: (texts) => {
      const { why, causes } = diagnose(texts);
      const { title, stopped, causes: heading } = texts.loop;
      return {
        title,
        blocks: [why, stopped, heading, { list: causes }],
        actions: [startLink(application, returnTo, texts.layout.tryAgain)],
      };
    },
  };
}
