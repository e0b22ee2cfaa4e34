/** What authentik's websocket says, message by message. Pure. */
import { isObject } from '../json.ts';

export type Instruction =
  | { kind: 'acknowledged' }
  | { kind: 'changed' }
  | { kind: 'sessionEnded'; sid: string }
  | { kind: 'ignored'; why: string };

/** The hash of a session key in recent authentik, the key itself in states of 2023. */
const SESSION_ID = /^[A-Za-z0-9_-]{16,128}$/;

export function readInstruction(text: string): Instruction {
  const message = parse(text);
  if (!isObject(message)) return ignored('a message that is no JSON object');
  const { instruction, args = {} } = message;
  if (!isObject(args)) return ignored(`instruction ${numberOf(instruction)} whose args are no object`);
  switch (instruction) {
    case 0:
      return { kind: 'acknowledged' };
    case 2:
      return { kind: 'changed' };
    case 3:
      // Other kinds of outposts have other ones.
      if (args.sub_type !== 'logout') return ignored('an instruction 3 that is no logout');
      return readSessionEnd(args.session_id);
    case 4:
      if (args.type !== 'event.session.end') return ignored('an instruction 4 that is no session end');
      return readSessionEnd(args.session_id);
    default:
      return ignored(`the unknown instruction ${numberOf(instruction)}`);
  }
}

/** Attack: the id becomes a part of keys in the store. And whoever reads the log could end the session that it names. */
function readSessionEnd(id: unknown): Instruction {
  if (typeof id === 'string' && SESSION_ID.test(id)) return { kind: 'sessionEnded', sid: id };
  return ignored('a session end without a session id that can be one');
}

const ignored = (why: string): Instruction => ({ kind: 'ignored', why });

const numberOf = (value: unknown) => (typeof value === 'number' ? String(value) : `of type ${typeof value}`);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
