/** Whose site a page belongs to, and whom a visitor can ask. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { PagesConfig } from '../config/schema/pages.ts';

export type Site = PagesConfig;

/** The site of an application: its name stands where nobody has chosen a title. */
export function siteOf({ name, pages }: Pick<ApplicationConfig, 'name' | 'pages'>): Site {
  return pages.title === undefined ? { ...pages, title: name } : pages;
}
