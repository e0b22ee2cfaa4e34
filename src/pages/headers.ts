/** The headers of a page: what a browser may load, frame, send and keep of it. */
import { actionsOf, type PageContent } from './content.ts';
import type { Language } from './language.ts';
import type { Site } from './site.ts';
import { STYLE_HASH } from './style.ts';

export type PageHeaders = readonly (readonly [name: string, value: string])[];

export function pageHeaders(content: PageContent, site: Site, language: Language): PageHeaders {
  const forms = actionsOf(content).filter((action) => 'action' in action);
  return [
    ['Content-Type', 'text/html; charset=utf-8'],
    ['Content-Language', language],
    ...(site.language === 'auto' ? [['Vary', 'Accept-Language'] as const] : []),
    [
      'Content-Security-Policy',
      policy(
        site.logo !== undefined,
        forms.map(({ leadsAway = false }) => leadsAway),
      ),
    ],
    ['Cache-Control', 'no-store'],
    // `same-origin`: under `no-referrer` a browser sends `Origin: null` with a form, and the site could not know its own
    // page.
    ['Referrer-Policy', forms.length > 0 ? 'same-origin' : 'no-referrer'],
    ['X-Content-Type-Options', 'nosniff'],
  ];
}

/**
 * A page loads nothing but its own style and a logo that is part of it, runs no script and cannot be framed (Content
 * Security Policy Level 3).
 */
function policy(hasLogo: boolean, forms: boolean[]): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    ...(hasLogo ? ['img-src data:'] : []),
    "frame-ancestors 'none'",
    "base-uri 'none'",
    `form-action ${formAction(forms)}`,
  ].join('; ');
}

/**
 * A page without a form sends none. Chromium holds `form-action` against every redirect behind a form, and a provider
 * leads on to sites of its own: what follows a sign-out may be anywhere.
 */
function formAction(forms: boolean[]): string {
  if (forms.length === 0) return "'none'";
  return forms.includes(true) ? "'self' http: https:" : "'self'";
}
