/** What of a session's headers is not sent, for the operator. */
import type { Events } from '../observe/events.ts';
import { createWarnOnce } from '../observe/warn_once.ts';
import type { RenderOptions } from './response.ts';

/** Each header that is not sent is logged once: it would come again with every session. */
export function headerWarnings(events: Events): Pick<RenderOptions, 'onRefusedHeader' | 'onUnusableValue'> {
  const warnOnce = createWarnOnce(events, 'headers');
  return {
    onRefusedHeader: ({ slug }, name) =>
      warnOnce(`refused ${slug} ${name}`, () => ({
        event: 'additional_headers.refused',
        message: `additionalHeaders: ${JSON.stringify(name.slice(0, 100))} is not sent`,
        application: slug,
      })),
    onUnusableValue: ({ slug }, header, value) =>
      warnOnce(`unusable ${slug} ${header}`, () => ({
        event: 'identity_headers.value_left_out',
        message: `a value of ${header} is not sent, as it has white space at an end, a control character or, in a list, a comma${value === undefined ? '' : `: ${JSON.stringify(value.slice(0, 100))}`}; further ones are not reported`,
        application: slug,
      })),
  };
}
