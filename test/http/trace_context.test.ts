/** `traceparent` is read to the letter, and nothing else of it gets into the log. */
import { expect, test } from 'vitest';
import { parseTraceparent } from '../../src/http/trace_context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const none = { traceId: undefined, spanId: undefined };

test.each([
  ['of this version', `00-${TRACE}-${SPAN}-01`],
  ['that is not sampled', `00-${TRACE}-${SPAN}-00`],
  ['of a later version', `01-${TRACE}-${SPAN}-03`],
  ['of a later version with more behind it', `cc-${TRACE}-${SPAN}-01-what the future will be like`],
])('a header %s names trace and span', (_, header) => {
  expect(parseTraceparent(header)).toEqual({ traceId: TRACE, spanId: SPAN });
});

test.each([
  ['no header', undefined],
  ['several headers', [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`]],
  ['several headers in one', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
  ['an empty header', ''],
  ['the version that is forbidden', `ff-${TRACE}-${SPAN}-01`],
  ['more than this version has', `00-${TRACE}-${SPAN}-01-more`],
  ['a later version with more that no dash parts', `01-${TRACE}-${SPAN}-01more`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['a trace that is too short', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ['no flags', `00-${TRACE}-${SPAN}`],
  ['white space', ` 00-${TRACE}-${SPAN}-01`],
  ['a line feed', `00-${TRACE}-${SPAN}-01\n`],
  ['letters that are no digits', `00-${'g'.repeat(32)}-${SPAN}-01`],
  ['a header without end', `01-${TRACE}-${SPAN}-01-${'x'.repeat(1000)}`],
])('%s names none', (_, header) => {
  expect(parseTraceparent(header)).toEqual(none);
});
