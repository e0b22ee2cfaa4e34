/** The one layout of all pages: plain HTML without scripts, readable on a phone, light and dark. */
import { createHash } from 'node:crypto';
import { replaceControls } from '../characters.ts';
import type { Reason } from '../reasons.ts';

const STYLE = `:root{color-scheme:light dark;--ground:#f4f5f7;--paper:#fff;--ink:#1d2330;--soft:#5b6475;--line:#dde1e8;--accent:#1f5fbf}
@media (prefers-color-scheme:dark){:root{--ground:#14171d;--paper:#1d222b;--ink:#e8ebf1;--soft:#9aa4b5;--line:#323a47;--accent:#7fb0ff}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,sans-serif}
main{width:100%;max-width:34rem;padding:clamp(1.25rem,5vw,2.5rem);background:var(--paper);border:1px solid var(--line);border-radius:.75rem}
h1{margin:0 0 1rem;font-size:1.4rem;line-height:1.25}
p,ul{margin:0 0 1rem}
ul{padding-left:1.25rem}
p,li,dd{overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0 0 1rem}
dt{color:var(--soft)}
dd{margin:0}
@media (max-width:30rem){dl{display:block}dd{margin:0 0 .5rem}}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.5rem 0 0}
.actions a,button{padding:.55rem 1rem;border:1px solid var(--accent);border-radius:.5rem;color:var(--accent);font:inherit;text-decoration:none}
.actions a:first-child,button{background:var(--accent);color:var(--paper)}
footer{margin-top:1.5rem;padding-top:.75rem;border-top:1px solid var(--line);color:var(--soft);font-size:.85rem;overflow-wrap:anywhere}`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

type PageHeaders = readonly (readonly [name: string, value: string])[];

/** A page loads nothing and cannot be framed (Content Security Policy Level 3). */
const pageHeadersWith = (formAction: string, referrerPolicy: string): PageHeaders => [
  ['Content-Type', 'text/html; charset=utf-8'],
  [
    'Content-Security-Policy',
    `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action ${formAction}`,
  ],
  ['Cache-Control', 'no-store'],
  ['Referrer-Policy', referrerPolicy],
  ['X-Content-Type-Options', 'nosniff'],
];

/** A page without a form sends none. */
const PAGE_HEADERS = pageHeadersWith("'none'", 'no-referrer');

/**
 * The form goes to this site. What follows may be anywhere: Chromium holds `form-action` against every redirect behind a
 * form, and a provider leads on to sites of its own. `same-origin`: under `no-referrer` a browser sends `Origin: null`
 * with the form, and the site could not know its own page.
 */
const FORM_PAGE_HEADERS = pageHeadersWith("'self' http: https:", 'same-origin');

/** The headers of a page. */
export function pageHeaders({ form }: Pick<PageContent, 'form'>): PageHeaders {
  return form ? FORM_PAGE_HEADERS : PAGE_HEADERS;
}

/** What a page says, and the response that it belongs to. */
export interface PageContent {
  /** Without one it is the page of a success. */
  reason?: Reason;
  /** Where the status is not the one that `REASONS` has for the reason. */
  status?: number;
  /** Where the page shows a code that is more exact than the reason. */
  code?: string;
  title: string;
  /** What happened, a sentence each. */
  paragraphs: string[];
  /** Names and values that a user can compare or give to an administrator. */
  facts?: [name: string, value: string][];
  /** Possible causes, or what to do. */
  list?: string[];
  /** The first link is the one that most users want. */
  links?: { text: string; href: string }[];
  /** Where the browser goes on to by itself. */
  goOnTo?: string;
  /** A button that posts an empty form to a path of this site. */
  form?: { text: string; action: string };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A control character in a text is no part of a page. */
const e = (text: string) => escapeHtml(replaceControls(text));
const each = <T>(list: readonly T[] | undefined, render: (item: T) => string) => (list ?? []).map(render).join('');
const wrap = (before: string, inner: string, after: string) => (inner === '' ? '' : before + inner + after);

/**
 * The page as HTML.
 * Attack: a user name or host with markup in it would run as a script of this site; every text is escaped here.
 */
export function renderPage(content: PageContent, requestId: string): string {
  const { title, paragraphs, facts, list, links, form, reason, code = reason } = content;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${e(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${e(title)}</h1>
${each(paragraphs, (text) => `<p>${e(text)}</p>\n`)}${wrap(
  '<dl>\n',
  each(facts, ([name, value]) => `<dt>${e(name)}</dt><dd>${e(value)}</dd>\n`),
  '</dl>\n',
)}${wrap(
  '<ul>\n',
  each(list, (text) => `<li>${e(text)}</li>\n`),
  '</ul>\n',
)}${form ? `<form method="post" action="${e(form.action)}"><button>${e(form.text)}</button></form>\n` : ''}${wrap(
  '<p class="actions">',
  each(links, ({ text, href }) => `<a href="${e(href)}">${e(text)}</a>`),
  '</p>\n',
)}<footer>${code ? `Code: ${e(code)} · ` : ''}Request: ${e(requestId)}</footer>
</main>
</body>
</html>
`;
}
