import { beforeEach, expect, test } from 'vitest';
import { createEvents } from '../../src/observe/events.ts';
import { createNotices, type Notices } from '../../src/outpost/notices.ts';

let said: string[];
let nowMs: number;
let notices: Notices;

beforeEach(() => {
  said = [];
  nowMs = 0;
  const events = createEvents();
  events.on('log', ({ level, message }) => void said.push(`${level} ${message}`));
  notices = createNotices(events, () => nowMs);
});

const notice = (key: string, message: string) => ({ level: 'warn', event: 'outpost.test', key, message }) as const;

test('what still holds is not said again; what has changed is, and so is what came back', () => {
  notices.tell('mapping', [notice('a', 'a is odd'), notice('b', 'b is odd')]);
  notices.tell('mapping', [notice('b', 'b is odd'), notice('a', 'a is odder')]);
  notices.tell('mapping', []);
  notices.tell('mapping', [notice('b', 'b is odd')]);
  expect(said).toEqual(['warn a is odd', 'warn b is odd', 'warn a is odder', 'warn b is odd']);
});

test('kinds do not forget for each other', () => {
  notices.tell('mapping', [notice('a', 'a is odd')]);
  notices.tell('refused', []);
  notices.tell('mapping', [notice('a', 'a is odd')]);
  expect(said).toHaveLength(1);
});

test('a fault that lasts is said at once, every five minutes, and when its words change', () => {
  for (nowMs = 0; nowMs <= 600_000; nowMs += 1000) notices.remind(notice('down', 'it is down'));
  expect(said).toHaveLength(3);
  notices.remind(notice('down', 'it is down for another reason'));
  expect(said).toHaveLength(4);
  notices.forget('down');
  notices.remind(notice('down', 'it is down for another reason'));
  expect(said).toHaveLength(5);
});
