/** The pages of a login that has ended without a session. */
import type { User } from '../identity.ts';
import { type PageApplication, startLink } from './application.ts';
import type { Page } from './content.ts';
import type { Texts } from './texts/index.ts';
import { unusableAccount } from './unusable.ts';

export interface LoginFailure {
  because: keyof Texts['login']['failed']['because'];
  /** A code that the documentation explains. */
  code: string;
  status?: number;
}

export function loginFailedPage(application: PageApplication, returnTo: string, failure: LoginFailure): Page {
  const { because, code, status } = failure;
  return {
    reason: 'login_failed',
    ...(status !== undefined && { status }),
    code,
    content: ({ layout, login: { failed } }) => ({
      title: failed.title,
      blocks: [
        failed.because[because],
        failed.again(application.name),
        ...(because === 'client' ? [{ details: layout.forAdministrators, blocks: [failed.compare] }] : []),
      ],
      actions: [startLink(application, returnTo, layout.tryAgain)],
    }),
  };
}

/** The login is complete, but nobody can be told who it is: no session begins. */
export function unusableIdentityPage(application: PageApplication, returnTo: string, user: User): Page {
  return {
    reason: 'unusable_identity',
    content: (texts) => ({
      ...unusableAccount(application.name, user, texts),
      actions: [startLink(application, returnTo, texts.layout.tryAgain)],
    }),
  };
}
