/** Where the events of js-yaml are in the text. */
import { type DocumentEvent, EVENT_ID, type Event } from 'js-yaml';

/** The line, counted from 1, of an offset. Each offset must be no smaller than the one before. */
export function countLines(text: string): (offset: number) => number {
  const ends = /\r\n?|\n/g;
  let end = ends.exec(text);
  let line = 1;
  return (offset) => {
    for (; end && end.index < offset; line++) end = ends.exec(text);
    return line;
  };
}

/** Start and end of an event; a list or mapping is where it starts, and an empty value has no place. */
export function placeOf(event: Event): [start: number, end: number] | undefined {
  if ('start' in event) return [event.start, event.start];
  if ('valueStart' in event && event.valueStart >= 0) return [event.valueStart, event.valueEnd];
  return 'anchorStart' in event && event.anchorStart >= 0 ? [event.anchorStart, event.anchorEnd] : undefined;
}

/** The `---` or `...` between the first document and the one after it, if there is one. */
export function findSecondDocument(text: string, events: Event[]): number | undefined {
  const [first, second] = events.filter((event): event is DocumentEvent => event.type === EVENT_ID.DOCUMENT);
  if (!first || !second) return undefined;
  const markers = [...text.matchAll(/^\ufeff?(?:---|\.\.\.)(?=\s|$)/gm)];
  return markers[first.explicitStart ? 1 : 0]?.index ?? 0;
}
