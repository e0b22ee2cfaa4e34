/** What the pages say of an account that the application could take for another one. */
import { type User, unusableClaim, whyUnusable } from '../identity.ts';
import type { PageContent } from './content.ts';
import type { Texts } from './texts/index.ts';

export function unusableAccount(site: string, user: User | undefined, { access, layout }: Texts): PageContent {
  const { unusable } = access;
  const claim = user && unusableClaim(user);
  if (!claim) return { title: unusable.title, blocks: [unusable.why(site), unusable.remedy] };
  const { key, isEmpty } = whyUnusable(claim, user);
  return {
    title: unusable.title,
    blocks: [
      unusable.why(site),
      isEmpty ? unusable.empty : unusable.changes[key],
      { details: layout.forAdministrators, blocks: [unusable.claim(claim, key, isEmpty), unusable.remedy] },
    ],
  };
}
