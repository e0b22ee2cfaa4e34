/** The pages of a login and of a sign-out: what happened, and what the user can do. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isHttps, startUrl } from '../endpoints.ts';
import { hostOf } from '../http/url.ts';
import type { PageContent } from './layout.ts';

/** What a page needs of an application. */
export type PageApplication = Pick<ApplicationConfig, 'name' | 'external_host'>;

/**
 * A link that begins a login.
 * @param returnTo the absolute URL that the login leads to
 */
export function startLink(application: PageApplication, returnTo: string, text = 'Try again') {
  return { text, href: startUrl(application, returnTo) };
}

/** @param atProvider whether the user may still have a session at the provider */
export function signedOutPage(application: PageApplication, atProvider: boolean): PageContent {
  const paragraphs = [`You are signed out of ${application.name}.`];
  if (atProvider) {
    paragraphs.push(
      'You may still be signed in at the login provider. On a shared computer, sign out there or close the browser.',
    );
  }
  return {
    title: 'Signed out',
    paragraphs,
    links: [startLink(application, `${application.external_host}/`, 'Sign in again')],
  };
}

/** @param failure a sentence for the user, and a code that the documentation explains */
export function loginFailedPage(
  application: PageApplication,
  returnTo: string,
  failure: { sentence: string; code: string; status?: number },
): PageContent {
  const { sentence, code, status } = failure;
  return {
    reason: 'login_failed',
    ...(status !== undefined && { status }),
    code,
    title: 'The login failed',
    paragraphs: [
      sentence,
      `To open ${application.name}, try again. If the login fails again, give your administrator the code below.`,
    ],
    links: [startLink(application, returnTo)],
  };
}

type LoopApplication = PageApplication & Pick<ApplicationConfig, 'mode' | 'cookie_domain'>;

export function loginLoopPage(application: LoopApplication, returnTo: string): PageContent {
  const { external_host, mode, cookie_domain } = application;
  const hosts =
    mode === 'forward_domain'
      ? `The cookie is set for ${cookie_domain} and all hosts under it (cookie_domain). This address must be one of them.`
      : `The cookie is set for ${hostOf(external_host)} alone (external_host, without a cookie_domain). This address must be that host.`;
  const scheme = isHttps(application)
    ? 'The browser sends the cookie over https only. This address must not be http.'
    : 'This address is http. A cookie of the same name that was set over https hides the one that is set here.';
  return {
    reason: 'login_loop',
    title: 'Login loop detected',
    paragraphs: [
      `You logged in to ${application.name} several times within half a minute, and each time the browser did not send back the cookie that proves the login. Gatepost has stopped the loop here.`,
      'Possible causes:',
    ],
    list: [
      'The browser does not accept cookies from this site.',
      hosts,
      scheme,
      'The clock of this device, of the login provider or of this server is wrong by more than a minute.',
    ],
    links: [startLink(application, returnTo)],
  };
}
