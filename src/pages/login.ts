/** The pages that a person sees: what happened, and what to do about it. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { Reason } from '../reasons.ts';
import type { Page } from './layout.ts';

type Named = Pick<ApplicationConfig, 'name' | 'external_host'>;
/** A page that still lacks the id of the request it answers. */
export type PageContent = Omit<Page, 'requestId'> & { status: number; reason?: Reason };

/** The address of an endpoint of ours at an application. */
export const ours = (application: Named, path: string) => `${application.external_host}/outpost.goauthentik.io/${path}`;
/** A link that begins a login, and leads to `returnTo` in the end. */
const startLink = (application: Named, returnTo: string, text = 'Try again') => ({
  text,
  href: `${ours(application, 'start')}?rd=${encodeURIComponent(returnTo)}`,
});

export function signedOutPage(application: Named, providerLeft: boolean): PageContent {
  const paragraphs = [`You are signed out of ${application.name}.`];
  if (providerLeft) {
    paragraphs.push(
      'You may still be signed in at the login provider: on a shared computer, sign out there or close the browser.',
    );
  }
  return {
    status: 200,
    title: 'Signed out',
    paragraphs,
    links: [startLink(application, `${application.external_host}/`, 'Sign in again')],
  };
}

export function loginFailedPage(
  application: Named,
  returnTo: string,
  what: { sentence: string; code: string; status: number },
): PageContent {
  return {
    status: what.status,
    reason: 'login_failed',
    title: 'The login did not work',
    paragraphs: [
      what.sentence,
      `To get into ${application.name}, try again. If it happens again, tell your administrator the code below.`,
    ],
    code: what.code,
    links: [startLink(application, returnTo)],
  };
}

export function loopPage(application: ApplicationConfig, returnTo: string): PageContent {
  const { external_host, mode, cookie_domain } = application;
  const domain =
    mode === 'forward_domain'
      ? `The cookie is set for ${cookie_domain} and all hosts under it: this address must be one of them (cookie_domain).`
      : `The cookie is set for ${new URL(external_host).host} alone, as external_host says and without a cookie_domain: this address must be that one.`;
  const scheme = external_host.startsWith('https:')
    ? 'The cookie is kept on https only: this address must not be http.'
    : 'This address is http: a cookie of the same name from https hides the one that is set here.';
  return {
    status: 400,
    reason: 'login_loop',
    title: 'The login goes round in circles',
    paragraphs: [
      `You have logged in to ${application.name} several times within half a minute, and your browser did not bring back the cookie that proves it. So we stopped here.`,
      'What may be the reason:',
    ],
    list: [
      'Your browser does not accept cookies from this site.',
      domain,
      scheme,
      'The clock of this device, of the login provider or of this server is wrong by more than a minute.',
    ],
    code: 'login_loop',
    links: [startLink(application, returnTo)],
  };
}

export function providerDownPage(application: Named, returnTo: string): PageContent {
  return {
    status: 503,
    reason: 'provider_unavailable',
    title: 'Login is not possible right now',
    paragraphs: [`The login provider of ${application.name} cannot be reached. Please try again in a moment.`],
    code: 'provider_unavailable',
    links: [startLink(application, returnTo)],
  };
}

/** The provider is there and does not take us for its client: to wait mends nothing, and no visitor can. */
export function clientRefusedPage(application: Named, returnTo: string): PageContent {
  return {
    ...providerDownPage(application, returnTo),
    paragraphs: [
      `The login provider does not accept ${application.name} in the way that it is set up.`,
      'Please tell your administrator: the log says what the provider answered.',
    ],
    code: 'client_refused',
  };
}

export function storeDownPage(application: Named | undefined): PageContent {
  return {
    status: 503,
    reason: 'store_unavailable',
    title: 'Login is not possible right now',
    paragraphs: [
      `The sessions of ${application?.name ?? 'this site'} cannot be reached. You have not been signed out. Please try again in a moment.`,
    ],
    code: 'store_unavailable',
  };
}

export function unknownHostPage(host: string): PageContent {
  return {
    status: 404,
    reason: 'unknown_host',
    title: 'Unknown site',
    paragraphs: [
      `No application is configured for the host ${host || '(none)'}.`,
      'For administrators: external_host (with the port, where it is not the usual one) or cookie_domain must name it.',
    ],
    code: 'unknown_host',
  };
}

export function internalErrorPage(): PageContent {
  return {
    status: 500,
    reason: 'internal_error',
    title: 'Something went wrong',
    paragraphs: [
      'This is our fault. Please try again; if it happens again, tell your administrator the request below.',
    ],
    code: 'internal_error',
  };
}
