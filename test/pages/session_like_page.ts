/** A page with each part that the layout knows: sections, records, and several small forms. */
import type { Page } from '../../src/pages/content.ts';

const end = (about: string) => ({
  text: 'End',
  action: '/outpost.goauthentik.io/session',
  fields: { end: about },
  about,
});

export const sessionLikePage: Page = {
  content: () => ({
    title: 'Your sessions',
    blocks: [
      'Where you are signed in.',
      {
        facts: [
          ['Account', 'Alice (alice)'],
          ['Groups', ['staff', 'admins']],
        ],
      },
      {
        section: 'Sessions',
        blocks: [
          {
            records: [
              {
                name: 'Firefox on Linux',
                mark: 'this one',
                facts: [
                  ['Since', '12 May, 10:00'],
                  ['Address', '2001:db8::1234:5678'],
                ],
              },
              { name: 'Chrome on Android', facts: [['Since', '11 May, 08:00']], actions: [end('Chrome on Android')] },
              { name: 'curl', facts: [['Since', '1 May, 08:00']], actions: [end('curl')] },
            ],
          },
          {
            actions: [{ text: 'End all others', action: '/outpost.goauthentik.io/session', fields: { end: 'others' } }],
          },
        ],
      },
      { section: 'Last refusal', blocks: [{ list: ['One', 'Two'] }] },
      { details: 'For administrators', blocks: ['More.', { facts: [['Code', 'forbidden']] }], open: true },
    ],
    actions: [
      { text: 'Back to Grafana', href: 'https://grafana.example.com/' },
      { text: 'Sign out', action: '/outpost.goauthentik.io/sign_out', leadsAway: true },
    ],
  }),
};
