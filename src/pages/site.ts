/** Whose site a page belongs to, and whom a visitor can ask. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { Language } from './language.ts';

export interface Site {
  title?: string | undefined;
  /** A `data:` URI, so that a page needs no other request. */
  logo?: string | undefined;
  /** An e-mail address, an `http:` or `https:` URL, or a text. */
  contact?: string | undefined;
  language: Language | 'auto';
}

/** The site of an application: its name stands where nobody has chosen a title. */
export function siteOf({ name }: Pick<ApplicationConfig, 'name'>): Site {
  return { title: name, language: 'auto' };
}
