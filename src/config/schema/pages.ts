/** The keys of `pages`: whose site the pages are, and whom a visitor can ask. */
import * as z from 'zod';
import type { Immutable } from '../freeze.ts';
import { oneOf, shapeError, text } from './scalars.ts';

export const pages = z
  .strictObject(
    {
      title: text('the title of a site').optional().meta({
        description: 'The name of the site or of its operator, on each page and in the title of its window.',
        default: '`name` of the application',
        example: 'Example Ltd',
      }),
      logo_file: text('the path of an image').optional().meta({
        description:
          'A PNG, SVG, JPEG, WebP or GIF image of at most 32 KiB, shown up to 48 pixels high. It is read when the configuration is loaded, and becomes part of each page. A relative path starts from the folder of this file.',
        example: 'logo.svg',
      }),
      contact: text('an e-mail address, a URL or a text').optional().meta({
        description:
          'Whom visitors can ask: an e-mail address or a URL (`https://…`) becomes a link, any other text is shown as it is.',
        example: 'help@example.com',
      }),
      language: oneOf('auto', 'en', 'de').default('auto').meta({
        description: 'English, German, or what the browser of the visitor prefers of the two (`Accept-Language`).',
        example: 'de',
      }),
    },
    { error: shapeError('a mapping such as { title: Example Ltd, contact: help@example.com }') },
  )
  // By then the file has been read (config/logo_files.ts).
  .transform(({ logo_file: logo, ...others }): typeof others & { logo?: string } =>
    logo === undefined ? others : { ...others, logo },
  );

/** `logo` is a `data:` URI, so that workers and pages need no file. */
export type PagesConfig = Immutable<z.output<typeof pages>>;
