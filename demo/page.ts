/** The look of the demo's pages: plain HTML, light and dark, readable on a phone. */
import type { ServerResponse } from 'node:http';

const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: #2563eb; --on-accent: #fff }
@media (prefers-color-scheme: dark) { :root { --accent: #93b4ff; --on-accent: #0b1220 } }
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 1.25rem 0 .5rem }
.card h1 { margin-top: 0 }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
a { color: var(--accent) }
nav, .row { display: flex; flex-wrap: wrap; gap: .5rem }
nav a, button { font: inherit; padding: .45rem .9rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--soft);
  color: inherit; text-decoration: none; cursor: pointer }
button.main { background: var(--accent); border-color: var(--accent); color: var(--on-accent) }
nav a[aria-current] { border-color: var(--accent) }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem .4rem 0; border-top: 1px solid var(--line) }
th { font-weight: 500; white-space: nowrap }
td, code, output { overflow-wrap: anywhere }
td, code, output { font-family: ui-monospace, monospace; font-size: .875rem }
td.none { opacity: .55; font-style: italic }
output { display: block; min-height: 1.5em; margin-top: .75rem }
.card { border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; margin-top: 1rem }
.card > :last-child { margin-bottom: 0 }
.narrow { max-width: 24rem; margin: 8vh auto 0 }
label { display: block; margin-top: .75rem }
input { font: inherit; width: 100%; padding: .5rem; border: 1px solid var(--line); border-radius: .5rem; background: transparent; color: inherit }
.wrong { border-left: 3px solid #dc2626; padding-left: .75rem }
.small { font-size: .875rem; opacity: .75 }
@media (max-width: 34rem) {
  tr, th, td { display: block; border-top: 0; padding: 0 }
  tr { border-top: 1px solid var(--line); padding: .4rem 0 }
}`;

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => entities[sign]!);
}

/** A whole page; `body` is HTML, `title` is text. */
export function renderPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
${body}
</html>
`;
}

export function sendPage(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }).end(html);
}
