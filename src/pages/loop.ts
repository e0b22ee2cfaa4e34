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
  /** Those that the visitor can do something about. */
  own?: string[];
  /** The others. */
  causes: string[];
}

/** @param hasSession whether the browser has sent the cookie of a session that this process knows */
export function loginLoopPage(application: LoopApplication, returnTo: string, hasSession = false): Page {
  return loopPage(application, returnTo, ({ loop: { lost, kept } }) => {
    const cookieKept = [kept.proxy, kept.processes];
    if (hasSession) return { why: kept.why(application.name), causes: cookieKept };
    const causes = [...cookieLost(application, lost), ...cookieKept];
    return { why: lost.why(application.name), own: [lost.browser, lost.device], causes };
  });
}

function cookieLost(application: LoopApplication, lost: Texts['loop']['lost']): string[] {
  const { external_host, mode, cookie_domain } = application;
  return [
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

/** The issuers of a login that authentik manages. */
export interface NamedIssuers {
  /** As the token has it: it comes from elsewhere, and may be anything. */
  received: unknown;
  accepted: readonly string[];
}

/** authentik signs in the name of an issuer that is not accepted: each further login would end in the same way. */
export function wrongIssuerPage(application: PageApplication, returnTo: string, issuers: NamedIssuers): Page {
  return {
    reason: 'login_loop',
    code: 'wrong_issuer',
    content: ({ layout, loop: { stopped, ask, wrongIssuer } }) => ({
      title: wrongIssuer.title,
      blocks: [
        wrongIssuer.why(application.name),
        stopped,
        ask,
        {
          details: layout.forAdministrators,
          blocks: [
            {
              facts: [
                [wrongIssuer.received, shownIssuer(issuers.received)],
                [wrongIssuer.accepted, [...issuers.accepted]],
              ],
            },
            wrongIssuer.remedy,
          ],
          open: true,
        },
      ],
      actions: [startLink(application, returnTo, layout.tryAgain)],
    }),
  };
}

/** Attack: text of somebody else's on the page. What is not the text of a URL is not shown. */
function shownIssuer(issuer: unknown): string {
  return typeof issuer === 'string' && /^https?:[\x21-\x7e]{1,200}$/.test(issuer) ? issuer : '–';
}

function loopPage(application: PageApplication, returnTo: string, diagnose: (texts: Texts) => Diagnosis): Page {
  return {
    reason: 'login_loop',
    content: (texts) => {
      const { why, own, causes } = diagnose(texts);
      const { title, stopped, causes: heading, others } = texts.loop;
      const { forAdministrators } = texts.layout;
      return {
        title,
        blocks: [
          why,
          stopped,
          ...(own ? [heading, { list: own }] : []),
          own ? others : texts.loop.ask,
          { details: forAdministrators, blocks: [{ list: causes }], open: true },
        ],
        actions: [startLink(application, returnTo, texts.layout.tryAgain)],
      };
    },
  };
}
