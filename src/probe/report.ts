/** What Gatepost says of a probe that arrived: for `gatepost doctor` alone, sealed on its way and in the store. */
import type { IncomingMessage } from 'node:http';
import type { Seal } from '../crypto/seal.ts';
import { isObject } from '../json.ts';
import { withoutToken } from './token.ts';

/** A request as it arrived: `gatepost doctor` sent it, so it holds nothing of anybody else. */
export interface Arrived {
  /** The method and the raw target of the request itself: of a proxy's question, they are the proxy's. */
  requestMethod: string;
  target: string;
  /** The peer's address: the proxy. */
  peer: string;
  /** Names in lower case, values cut. */
  headers: readonly (readonly [name: string, value: string])[];
}

/** An auth request about a probe. */
export interface QuestionReport extends Arrived {
  kind: 'question';
  dialect: string;
  /** `Decision.kind`. */
  decision: string;
  status: number;
  reason?: string | undefined;
  detail?: string | undefined;
  application?: string | undefined;
  /** The forwarded URL, the client's method and address, where they could be read. */
  url?: string | undefined;
  method?: string | undefined;
  clientAddress?: string | undefined;
}

/** A probe that came to a page. */
export interface PageReport extends Arrived {
  kind: 'page';
  /** The reports that it asked for, by the id of their probe. */
  reports: Record<string, QuestionReport>;
}

const MAX_HEADERS = 100;
const MAX_VALUE_CHARS = 300;

/** @param peer the address of the connection's other end */
export function arrivedFrom({ method = '', url = '', rawHeaders }: IncomingMessage, peer: string): Arrived {
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length && headers.length < MAX_HEADERS; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    headers.push([name.toLowerCase(), withoutToken(value).slice(0, MAX_VALUE_CHARS)]);
  }
  return { requestMethod: method, target: url.slice(0, MAX_VALUE_CHARS), peer, headers };
}

/** A report is bound to its probe. */
export function sealReport(seal: Seal, id: string, report: QuestionReport | PageReport): string {
  return seal.seal(JSON.stringify(report), `report ${id}`);
}

/** `undefined` for what this secret has not sealed for this probe. */
export function openReport(seal: Seal, id: string, text: string | undefined): unknown {
  const opened = text === undefined ? undefined : seal.open(text, `report ${id}`);
  return opened === undefined ? undefined : JSON.parse(opened);
}

/** Checked as far as it is used: a Gatepost of another version may have written it. */
export function isQuestionReport(value: unknown): value is QuestionReport {
  return isArrived(value) && value.kind === 'question' && typeof value.dialect === 'string';
}

export function isPageReport(value: unknown): value is PageReport {
  return isArrived(value) && value.kind === 'page' && isObject(value.reports);
}

function isArrived(value: unknown): value is Arrived & { kind: unknown; dialect?: unknown; reports?: unknown } {
  return isObject(value) && typeof value.target === 'string' && Array.isArray(value.headers);
}
