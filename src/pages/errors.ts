/** The pages of faults: the provider, the store, the host or Gatepost itself. */
import type { Reason } from '../reasons.ts';
import type { PageApplication } from './application.ts';
import type { Action, Page } from './content.ts';
import type { Texts } from './texts/index.ts';

export type ErrorPage = Page & { reason: Reason };

/** What a page says of the application that it stands for; its URL is not needed. */
type Named = Pick<PageApplication, 'name'>;

type UnavailableReason = Extract<Reason, 'store_unavailable' | 'provider_unavailable' | 'internal_error'>;

/** What a visitor sees instead of the page of an application whose store or provider does not answer. */
export function unavailablePage(reason: UnavailableReason, application: Named | undefined, retryUrl?: string) {
  if (reason === 'store_unavailable') return storeUnavailablePage(application, retryUrl);
  if (reason === 'provider_unavailable')
    return application ? providerUnavailablePage(application, retryUrl) : notKnownYetPage(retryUrl);
  return { ...internalErrorPage(retryUrl), reason };
}

/** @param retryUrl where the visitor can try again, as in all pages here; absent: no link */
export function providerUnavailablePage({ name }: Named, retryUrl: string | undefined): ErrorPage {
  return {
    reason: 'provider_unavailable',
    content: ({ layout, login: { unavailable } }) => ({
      title: unavailable.title,
      blocks: [unavailable.provider(name)],
      actions: retryLink(retryUrl, layout),
    }),
  };
}

/** authentik has not said yet which sites there are (outpost mode). */
export function notKnownYetPage(retryUrl?: string): ErrorPage {
  return {
    reason: 'provider_unavailable',
    content: ({ layout, login: { unavailable } }) => ({
      title: unavailable.title,
      blocks: [unavailable.providerOfNoSite],
      actions: retryLink(retryUrl, layout),
    }),
  };
}

function retryLink(href: string | undefined, { tryAgain }: Texts['layout']): Action[] {
  return href === undefined ? [] : [{ text: tryAgain, href }];
}

/**
 * The provider rejects this client. Retrying does not help; an administrator must fix the configuration.
 * @param error the code that the provider answered with, one of RFC 6749 section 5.2
 */
export function clientRejectedPage({ name }: Named, retryUrl: string, error: string): ErrorPage {
  return {
    reason: 'provider_unavailable',
    code: 'client_refused',
    content: ({ layout, login: { unavailable } }) => ({
      title: unavailable.title,
      blocks: [
        unavailable.client(name),
        { details: layout.forAdministrators, blocks: [unavailable.clientDetails(error)] },
      ],
      actions: retryLink(retryUrl, layout),
    }),
  };
}

export function storeUnavailablePage(application: Named | undefined, retryUrl?: string): ErrorPage {
  return {
    reason: 'store_unavailable',
    content: ({ layout, login: { unavailable } }) => ({
      title: unavailable.title,
      blocks: [application ? unavailable.store(application.name) : unavailable.storeOfNoSite],
      actions: retryLink(retryUrl, layout),
    }),
  };
}

/**
 * @param host in the form in which hosts are compared; empty where the request has none
 * @param known configured addresses of the same host name, with another port
 * @param why its application is not served
 */
export function unknownHostPage(host: string, known: readonly string[], why?: string): ErrorPage {
  return {
    reason: 'unknown_host',
    content: ({ layout, access: { unknownHost } }) => ({
      title: unknownHost.title,
      blocks: [
        host === '' ? unknownHost.noHost : unknownHost.host(host),
        ...(known.length > 0 ? [unknownHost.known(known.join(', '))] : []),
        {
          details: layout.forAdministrators,
          blocks: [why === undefined ? unknownHost.remedy(host) : unknownHost.notServed(why)],
        },
      ],
    }),
  };
}

/** @param retryAfter seconds */
export function rateLimitedPage({ name }: Named, retryAfter: number, retryUrl: string | undefined): ErrorPage {
  return {
    reason: 'rate_limited',
    content: ({ layout, access: { rateLimited } }) => ({
      title: rateLimited.title,
      blocks: [rateLimited.why(name), rateLimited.wait(retryAfter)],
      actions: retryLink(retryUrl, layout),
    }),
  };
}

export function internalErrorPage(retryUrl?: string): ErrorPage {
  return {
    reason: 'internal_error',
    content: ({ layout, login: { internalError } }) => ({
      title: internalError.title,
      blocks: [internalError.why, internalError.again],
      actions: retryLink(retryUrl, layout),
    }),
  };
}
