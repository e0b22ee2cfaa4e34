/**
 * Sends a response as one text. `writeHead` checks each name and value of each response anew, a token of 1 kB among them,
 * and a body goes out as a piece of its own: a tenth of the time of a warm auth request (docs/performance.md).
 */
import { IncomingMessage, ServerResponse, STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http';
import { Socket } from 'node:net';

export interface Whole {
  status: number;
  /** Names and values alternate, as `writeHead` takes them; `Content-Length` is added. Never changed. */
  headers: readonly string[];
  /** Sent as UTF-8. */
  body: string;
  /** This very object is sent again: its head is kept as long as it is. */
  repeated?: true;
}

/** Of a response of `node:http`: the head that `end` sends, and the server's `keepAliveTimeout` (milliseconds). */
interface Internals {
  _header: string | null;
  _keepAliveTimeout?: number;
}

/** As `response.writeHead(…)` and `response.end(…)`, and the same bytes. The response is untouched so far. */
export function sendWhole(response: ServerResponse, whole: Whole): void {
  const { status, headers, body } = whole;
  const bytes = body === '' ? 0 : Buffer.byteLength(body);
  if (!canSendWhole || !isOrdinary(response)) {
    response.writeHead(status, [...headers, 'Content-Length', String(bytes)]);
    response.end(body);
    return;
  }
  const internals = response as unknown as Internals;
  response.statusCode = status;
  internals._header = headOf(whole, bytes) + endOfHead(internals._keepAliveTimeout ?? 0) + asLatin1(body, bytes);
  response.end();
}

/** HTTP/1.1 on a connection that stays open, with a body. */
function isOrdinary(response: ServerResponse): boolean {
  if (!(response instanceof ServerResponse)) return false;
  const { req, shouldKeepAlive } = response;
  return shouldKeepAlive && req.httpVersionMinor === 1 && req.httpVersionMajor === 1 && req.method !== 'HEAD';
}

const heads = new WeakMap<Whole, string>();

function headOf(whole: Whole, bytes: number): string {
  if (whole.repeated === undefined) return renderHead(whole, bytes);
  let head = heads.get(whole);
  if (head === undefined) {
    head = renderHead(whole, bytes);
    heads.set(whole, head);
  }
  return head;
}

/** Attack: a value with a line break would begin a header of the user's choice. Each is checked, as `writeHead` does. */
function renderHead({ status, headers }: Whole, bytes: number): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
  for (let at = 0; at < headers.length; at += 2) {
    const [name, value] = [headers[at] as string, headers[at + 1] as string];
    validateHeaderValue(name, value);
    head += `${beginOf(name)}${value}\r\n`;
  }
  return `${head}Content-Length: ${bytes}\r\n`;
}

const begins = new Map<string, string>();
/** Names that are kept; attributes of users may bring others. */
const MAX_BEGINS = 500;

/** The name with its colon, checked once. */
function beginOf(name: string): string {
  const known = begins.get(name);
  if (known !== undefined) return known;
  validateHeaderName(name);
  const begin = `${name}: `;
  if (begins.size < MAX_BEGINS) begins.set(name, begin);
  return begin;
}

let end = { second: -1, keepAliveMs: -1, text: '' };

/** What `node:http` adds to each response; it changes once a second. */
function endOfHead(keepAliveMs: number): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== end.second || keepAliveMs !== end.keepAliveMs) {
    const hint = keepAliveMs > 0 ? `Keep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n` : '';
    const date = new Date(second * 1000).toUTCString();
    end = { second, keepAliveMs, text: `Date: ${date}\r\nConnection: keep-alive\r\n${hint}\r\n` };
  }
  return end.text;
}

/** The bytes of UTF-8, each as a character, as a head is written. */
function asLatin1(body: string, bytes: number): string {
  return bytes === body.length ? body : Buffer.from(body, 'utf8').toString('latin1');
}

/** Whether this version of Node takes a head that it has not rendered: what it is called there, nobody promises. */
export const canSendWhole = takesHead();

function takesHead(): boolean {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  const written: unknown[] = [];
  try {
    Object.assign(response, { _header: 'head' });
    response.once('error', () => {});
    const socket = new Socket();
    socket.write = (piece: unknown) => written.push(piece) > 0;
    response.assignSocket(socket);
    response.end();
    return response.headersSent && written.length === 1 && written[0] === 'head';
  } catch {
    return false;
  }
}
