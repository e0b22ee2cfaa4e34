/** HTTP/2 written by hand (RFC 9113, RFC 7541), for what no ordinary client sends: doubled, missing and misspelt fields. */
import { connect } from 'node:tls';

/** What became of a request: the bytes of its body, or how it was refused. */
export interface Outcome {
  end: 'answered' | 'reset' | 'connection closed' | 'still open';
  text: string;
}

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const GOAWAY = 7;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A string as it is, without Huffman coding; its length has seven bits in the first byte (RFC 7541, section 5). */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  const length = bytes.length < 127 ? [bytes.length] : [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  if (bytes.length >= 127) length.push(rest);
  return Buffer.concat([Buffer.from(length), bytes]);
}

const fields = (list: [string, string][]) =>
  Buffer.concat(list.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));

type Take = (type: number, flags: number, stream: number, payload: Buffer) => void;

/** Takes bytes as they come and gives whole frames. */
function readFrames(take: Take): (chunk: Buffer) => void {
  let left = Buffer.alloc(0);
  return (chunk) => {
    left = Buffer.concat([left, chunk]);
    while (left.length >= 9 && left.length >= 9 + left.readUIntBE(0, 3)) {
      const length = left.readUIntBE(0, 3);
      take(left[3]!, left[4]!, left.readUInt32BE(5) & 0x7fffffff, left.subarray(9, 9 + length));
      left = left.subarray(9 + length);
    }
  };
}

/** Sends exactly these fields, pseudo-headers included, in this order. `open`: the request's body has no end, the first data is the answer. */
export function sendFields(
  target: { port: number; ca: string; servername: string },
  list: [string, string][],
  { open = false, patience = 5_000, body }: { open?: boolean; patience?: number; body?: string | undefined } = {},
): Promise<Outcome> {
  return new Promise((done) => {
    const socket = connect({ ...target, host: '127.0.0.1', ALPNProtocols: ['h2'] });
    let text = '';
    const finish = (end: Outcome['end']) => {
      clearTimeout(limit);
      socket.destroy();
      done({ end, text });
    };
    const limit = setTimeout(() => finish('still open'), patience);
    const take: Take = (type, flags, stream, payload) => {
      if (type === SETTINGS && !(flags & ACK)) socket.write(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
      if (type === GOAWAY) return finish('connection closed');
      if (stream !== 1) return;
      if (type === DATA) text += payload.toString('utf8');
      if (type === RST_STREAM) finish('reset');
      else if (type === DATA && open) finish('answered');
      else if ((type === DATA || type === HEADERS) && flags & END_STREAM) finish('answered');
    };
    socket.on('secureConnect', () => {
      socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      socket.write(frame(SETTINGS, 0, 0, Buffer.alloc(0)));
      socket.write(frame(HEADERS, END_HEADERS | (open || body ? 0 : END_STREAM), 1, fields(list)));
      if (body) socket.write(frame(DATA, END_STREAM, 1, Buffer.from(body)));
    });
    socket.on('data', readFrames(take));
    socket.on('close', () => finish('connection closed')).on('error', () => finish('connection closed'));
  });
}
