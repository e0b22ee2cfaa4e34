/** The visitor's own page: who they are here, and their other sessions. */
import { timeIn } from '../time.ts';

export const session = {
  title: 'Your session',
  what: (site: string) => `You are signed in at ${site}. Only you can see this page.`,
  since: 'Signed in since',
  until: 'Until, at the latest',
  /** @param ms since the epoch */
  time: timeIn('en-GB'),
  refused: {
    title: 'Last refused',
    nothing: 'Nothing has been refused in this session.',
    when: 'When',
    address: 'Address',
    why: 'Why',
    because: {
      forbidden:
        'This account may not open it: its name, groups and e-mail address, as they are shown above, do not meet what the site asks for.',
      unusable_identity: 'The site could take this account for another one.',
    },
  },
  others: {
    title: 'Your other sessions',
    none: 'You have no other session here, or none that can be listed. Signing out ends all of them.',
    hint: 'If you do not know one of them, end it, and change your password at the login provider. Signing out ends all of them.',
    unknownDevice: 'Unknown device',
    application: 'Application',
    since: 'Since',
    lastUse: 'Last used',
    address: 'Address',
    unknown: 'unknown',
    method: 'Signed in by',
    methods: { basic: 'app password of a program', bearer: 'token of a program' },
    end: 'End',
    about: (device: string, site: string) => `${device}, ${site}`,
    endAll: 'End all others',
  },
  notices: {
    gone: 'You have no such session. It may have ended already.',
    foreign: 'Nothing was ended: the request did not come from this page. Use the buttons below.',
  },
  back: (site: string) => `Open ${site}`,
  signOut: 'Sign out',
  link: 'Your sessions',
};
