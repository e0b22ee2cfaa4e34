/** The one layout of all pages: plain HTML without scripts, readable on a phone, light and dark, in each language. */
import type { Page } from './content.ts';
import { type PageHeaders, pageHeaders } from './headers.ts';
import { escapeHtml, renderActions, renderBlocks } from './html.ts';
import { chooseLanguage } from './language.ts';
import type { Site } from './site.ts';
import { STYLE } from './style.ts';
import { TEXTS, type Texts } from './texts/index.ts';

/** The request that a page answers, as far as the page depends on it. */
export interface Visit {
  requestId: string;
  acceptLanguage: string | undefined;
}

/** A page as a response. */
export interface RenderedPage {
  headers: PageHeaders;
  body: string;
}

/** The page in the language of the visitor. */
export function renderPage(page: Page, site: Site, { requestId, acceptLanguage }: Visit): RenderedPage {
  const language = chooseLanguage(site.language, acceptLanguage);
  const texts = TEXTS[language];
  const content = page.content(texts);
  const { title, windowTitle = title, blocks, actions = [] } = content;
  const body = `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml([windowTitle, ...(site.title === undefined ? [] : [site.title])].join(' · '))}</title>
<style>${STYLE}</style>
</head>
<body>
<div class="card">
${renderSite(site, texts)}<main>
<h1>${escapeHtml(title)}</h1>
${renderBlocks(blocks)}${renderActions(actions)}</main>
<footer>
${renderContact(site.contact, title, requestId, texts)}<p>${renderTrace(page, requestId, texts)}</p>
</footer>
</div>
</body>
</html>
`;
  return { headers: pageHeaders(content, site, language), body };
}

function renderSite({ title, logo }: Site, { layout }: Texts): string {
  if (title === undefined && logo === undefined) return '';
  const image = logo === undefined ? '' : `<img src="${escapeHtml(logo)}" alt="${escapeHtml(layout.logo(title))}">`;
  return `<header>${image}${title === undefined ? '' : `<span>${escapeHtml(title)}</span>`}</header>\n`;
}

/** What an administrator looks up: code and request id. */
function renderTrace({ reason, code = reason }: Page, requestId: string, { layout }: Texts): string {
  const parts = [...(code === undefined ? [] : [`${layout.code}: ${code}`]), `${layout.request}: ${requestId}`];
  return parts.map((part) => `<span>${escapeHtml(part)}</span>`).join(' ');
}

const EMAIL = /^[^\s@<>"]+@[^\s@<>"]+$/;

/** A mail begins with what the page says, so that nobody has to copy it. */
function renderContact(contact: string | undefined, title: string, requestId: string, { layout }: Texts): string {
  if (contact === undefined) return '';
  const subject = `${title} (${layout.request} ${requestId})`;
  const href = EMAIL.test(contact)
    ? `mailto:${encodeURIComponent(contact).replace('%40', '@')}?subject=${encodeURIComponent(subject)}`
    : contact;
  // Other schemes, `javascript:` among them, are texts.
  const isLink = /^(?:mailto:|https?:\/\/)/i.test(href);
  const shown = escapeHtml(contact);
  return `<p>${escapeHtml(layout.help)} ${isLink ? `<a href="${escapeHtml(href)}">${shown}</a>` : shown}</p>\n`;
}
