/** What is known before the server listens: what authentik answers at once, else what was kept. */
import { orAfter } from '../async/deadline.ts';
import type { Config } from '../config/schema/config.ts';
import { type AuthentikApi, AuthentikApiError } from './api.ts';
import type { Kept, KeptState } from './kept.ts';
import { mapOutpost } from './mapping.ts';
import { pickOutpost } from './pick_outpost.ts';
import type { MappedOutpost, OutpostStart, OutpostState } from './types.ts';

/** A start does not wait longer, neither for authentik nor for the store. */
const FIRST_ANSWER_MS = 1000;

/** `answer` is `undefined` where authentik has not answered in time. */
export interface FirstReading {
  answer: OutpostState | AuthentikApiError | undefined;
  kept: KeptState | undefined;
}

/** Where authentik answers at once, no request meets a server that does not know its applications yet. */
export async function readFirst(api: AuthentikApi, kept: Kept): Promise<FirstReading> {
  const [answer, found] = await Promise.all([
    orAfter(readState(api).catch(asFailure), FIRST_ANSWER_MS, undefined),
    orAfter(
      kept.read().catch(() => undefined),
      FIRST_ANSWER_MS,
      undefined,
    ),
  ]);
  return { answer, kept: found };
}

/**
 * The outpost and all its providers, or nothing.
 * @throws AuthentikApiError
 */
export async function readState(api: AuthentikApi): Promise<OutpostState> {
  const instance = pickOutpost(await api.instances());
  return { instance, providers: await api.providers() };
}

function asFailure(error: unknown): AuthentikApiError {
  if (error instanceof AuthentikApiError) return error;
  throw error;
}

/** What a process begins with, and where it is from. */
export interface Beginning {
  source: 'fresh' | 'kept' | 'none';
  config: Config;
  mapped: MappedOutpost | undefined;
  state: OutpostState | undefined;
  /** Of a kept one: when it was good last (milliseconds since the epoch). */
  keptAt: number | undefined;
}

export function beginWith({ answer, kept }: FirstReading, { base, settings }: OutpostStart): Beginning {
  const isFailure = answer instanceof AuthentikApiError;
  // Attack: whoever has lost its token has lost what the token gave: what was kept is for an outage alone.
  const isRefused = isFailure && answer.kind !== 'outage';
  const state = answer === undefined || isFailure ? undefined : answer;
  const used = state ?? (isRefused ? undefined : kept?.state);
  if (used === undefined)
    return { source: 'none', config: base, mapped: undefined, state: undefined, keptAt: undefined };
  const mapped = mapOutpost({ base, settings, state: used });
  const source = state === undefined ? 'kept' : 'fresh';
  return { source, config: mapped.config, mapped, state: used, keptAt: state === undefined ? kept?.at : undefined };
}
