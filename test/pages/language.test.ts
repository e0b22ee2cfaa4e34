/** Which language a page is in. */
import { expect, test } from 'vitest';
import { chooseLanguage } from '../../src/pages/language.ts';

test.each([
  [undefined, 'en'],
  ['', 'en'],
  ['*', 'en'],
  ['de', 'de'],
  ['DE', 'de'],
  ['de-AT', 'de'],
  ['de-CH-1996', 'de'],
  ['de-AT,de;q=0.9,en;q=0.5', 'de'],
  ['en-GB,en;q=0.9,de;q=0.8', 'en'],
  ['en;q=0.5, de;q=0.6', 'de'],
  ['fr-FR,fr;q=0.9,de;q=0.3,en;q=0.2', 'de'],
  ['fr,it', 'en'],
  ['en;q=0, de', 'de'],
  ['de;q=0', 'en'],
  ['german', 'en'],
  ['de;q=x,\u00e4,;;,', 'en'],
])('Accept-Language: %s', (header, language) => expect(chooseLanguage('auto', header)).toBe(language));

// Attack: the list is sorted for each page.
test("a list is not read where it is longer than any browser's", () => {
  expect(chooseLanguage('auto', `de,${'x,'.repeat(10_000)}`)).toBe('en');
});

test('the language of the site prevails', () => {
  expect(chooseLanguage('de', 'en')).toBe('de');
  expect(chooseLanguage('en', 'de')).toBe('en');
});
