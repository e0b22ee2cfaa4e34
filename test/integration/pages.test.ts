/**
 * Every page in Chromium: in each language, light and dark, at the width of a small phone and of a desk. axe-core looks
 * for what a screen reader, a keyboard or weak eyes would stumble over.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type axe from 'axe-core';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page as GatepostPage } from '../../src/pages/content.ts';
import { LANGUAGES, type Language } from '../../src/pages/language.ts';
import { renderPage } from '../../src/pages/layout.ts';
import type { Site } from '../../src/pages/site.ts';
import { REASONS } from '../../src/reasons.ts';
import { allPages } from '../pages/all_pages.ts';
import { sessionLikePage } from '../pages/session_like_page.ts';
import { makeApplication } from '../support/application.ts';
import { findTool } from '../support/tools.ts';
import { useChromium } from './started.ts';

/** With what an attacker would write into an image, if an operator took it from one. */
const LOGO = `data:image/svg+xml;base64,${Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="48" viewBox="0 0 160 48"><rect width="48" height="48" rx="12" fill="#1d5bb8"/><path d="M14 34V14h20v20" fill="none" stroke="#fff" stroke-width="5"/><script>document.title="x";fetch("/script")</script><image href="/image.png"/><style>@import "/style.css"</style></svg>',
).toString('base64')}`;
const site: Site = { title: 'Example Ltd', logo: LOGO, contact: 'help@example.com', language: 'auto' };

const long = (part: string, times: number) => part.repeat(times);
const application = makeApplication({ issuer: 'https://auth.example.com', name: 'Grafana' });
const user = {
  username: long('a-very-long-user-name.', 6),
  groups: ['staff', long('cn=department-without-end', 4), 'Łódź', long('山田', 30)],
  entitlements: [],
  email: `${long('somebody.', 8)}else@example.com`,
  emailVerified: false,
  name: 'Łukasz 山田 Ünïcode',
  uid: 'u-alice',
  attributes: {},
};
const pages: Record<string, GatepostPage> = {
  ...allPages({
    application,
    user,
    returnTo: `https://grafana.example.com/d/${long('x', 300)}`,
    host: `${long('sub-domain.', 9)}example.com`,
  }),
  session_like: sessionLikePage,
};

const asked: string[] = [];
/** `/<name>`: the page as Gatepost sends it. */
const server = createServer((request, response) => {
  asked.push(request.url ?? '');
  const page = pages[request.url?.slice(1) ?? ''];
  if (!page) return void response.writeHead(404).end();
  const visit = { requestId: 'x6nau0UM-b-0123456789', acceptLanguage: request.headers['accept-language'] };
  const { headers, body } = renderPage(page, site, visit);
  const { status = page.reason ? REASONS[page.reason].status : 200 } = page;
  response.writeHead(status, Object.fromEntries(headers)).end(body);
});
let origin = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds, in short: the rule, and the elements that break it. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }),
  );
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

interface View {
  language: Language;
  colorScheme: 'light' | 'dark';
  width: number;
}

const views: View[] = LANGUAGES.flatMap((language) =>
  (['light', 'dark'] as const).flatMap((colorScheme) => [320, 1280].map((width) => ({ language, colorScheme, width }))),
);

type ContextOptions = Parameters<ReturnType<ReturnType<typeof useChromium>>['newContext']>[0];

describe.skipIf(!findTool('chromium'))('every page', () => {
  const chromium = useChromium();
  const contexts: BrowserContext[] = [];
  const open = async ({ language, colorScheme, width }: View, more: ContextOptions = {}) => {
    const locale = language === 'de' ? 'de-AT' : 'en-GB';
    const context = await chromium().newContext({ locale, colorScheme, viewport: { width, height: 640 }, ...more });
    contexts.push(context);
    return context.newPage();
  };
  const opened: { view: View; page: Page }[] = [];
  beforeAll(async () => {
    // The policy would keep axe out: it is looked at below.
    for (const view of views) opened.push({ view, page: await open(view, { bypassCSP: true }) });
  });
  afterAll(() => Promise.all(contexts.map((context) => context.close())));

  test.each(
    Object.keys(pages),
  )('%s: nothing stands in the way of a reader, in any language, colour or width', async (name) => {
    for (const { view, page } of opened) {
      await page.goto(`${origin}/${name}`);
      expect([view, await page.getAttribute('html', 'lang')]).toEqual([view, view.language]);
      await page.evaluate(() => {
        for (const one of document.querySelectorAll('details')) one.open = true;
      });
      expect([view, await violations(page)]).toEqual([view, []]);
      const [content, window] = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return [scrollWidth, clientWidth];
      });
      expect([view, content]).toEqual([view, window]);
    }
  });

  test('axe finds what is wrong: a text that is too pale, a button without a name, a language that is not said', async () => {
    const page = await open(views[0]!, { bypassCSP: true });
    await page.goto(`${origin}/sign_out`);
    await page.evaluate(() => {
      document.querySelector('p')!.style.color = '#aab';
      document.querySelector('button')!.textContent = '';
      document.documentElement.removeAttribute('lang');
    });
    const rules = (await violations(page)).map((one) => one.slice(0, one.indexOf(':')));
    expect(rules.sort()).toEqual(['button-name', 'color-contrast', 'html-has-lang']);
  });

  test('no page breaks its own policy, and the logo is shown under it', async () => {
    const page = await open(views[0]!);
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    for (const name of Object.keys(pages)) {
      await page.goto(`${origin}/${name}`);
      const logo = await page.evaluate(() => document.querySelector('img')!.naturalWidth);
      expect([name, logo]).toEqual([name, 160]);
      // Set by the style, which the policy would have refused.
      expect(await page.evaluate(() => getComputedStyle(document.body).display)).toBe('grid');
    }
    // Chromium reports the status of every page that is an error.
    expect(complaints.filter((text) => !/the server responded with a status of/.test(text))).toEqual([]);
  });

  test('a script and a link in the logo do nothing', async () => {
    for (const bypassCSP of [false, true]) {
      const page = await open(views[0]!, { bypassCSP });
      asked.length = 0;
      await page.goto(`${origin}/forbidden`);
      await page.evaluate(() => document.querySelector('img')!.decode());
      expect(await page.title()).toBe('Access denied · Example Ltd');
      expect(asked.filter((url) => url !== '/favicon.ico')).toEqual(['/forbidden']);
    }
  });

  test.each([
    'none',
    'active',
  ] as const)('the keyboard reaches all there is to do, and shows where it is: forced colours %s', async (forcedColors) => {
    const page = await open(views[0]!, { forcedColors });
    for (const name of ['forbidden', 'sign_out', 'session_like', 'unknown_host']) {
      await page.goto(`${origin}/${name}`);
      const targets = await page.evaluate(() => document.querySelectorAll('a, button, summary').length);
      for (let target = 0; target < targets; target += 1) {
        await page.keyboard.press('Tab');
        const outline = await page.evaluate(() => {
          const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement!);
          return [document.activeElement!.matches('a, button, summary'), outlineStyle, outlineWidth];
        });
        expect([name, target, ...outline]).toEqual([name, target, true, 'solid', '3px']);
      }
    }
  });
});
