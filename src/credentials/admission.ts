/**
 * Admits a credential to the provider: one that was accepted before always, any other within the limits of guessing and
 * where the provider has the grant.
 */
import type { ApplicationConfig, Config } from '../config/schema/config.ts';
import type { Events } from '../observe/events.ts';
import type { Rejection } from '../provider/index.ts';
import { tenantOf } from '../sessions/keys.ts';
import type { Store } from '../stores/store.ts';
import { requesterOf } from './client_network.ts';
import type { Fingerprints } from './fingerprint.ts';
import { createGuessState, type GuessState } from './guess_state.ts';
import type { Credential } from './parse_authorization.ts';
import { createRateLimit, type Permit } from './rate_limit.ts';

/** So long a credential counts as accepted before, from its last new session on. */
const ACCEPTED_MS = 30 * 86_400_000;

/** A credential as a client presents it at an application. */
export interface PresentedCredential {
  credential: Credential;
  application: ApplicationConfig;
  /** In canonical text; empty where it is unknown: then only user names are counted. */
  clientAddress: string;
  /** No credential is needed where it came. */
  optional: boolean;
  /** The provider's keys alone decide about it. */
  local: boolean;
}

/** The store's keys of what is known of a credential: that it was accepted, that the provider has no grant for it. */
type Keys = { accepted: readonly string[]; grant: string | undefined };

/** Leave to ask the provider once. `release` must be called in the end. */
export interface Admitted {
  kind: 'admitted';
  /** The provider refused it; whether that was the last refusal within a limit. Throws `StoreUnavailable`. */
  refused(rejection: Rejection): Promise<boolean>;
  /** The provider accepted it. Throws `StoreUnavailable`. */
  accepted(): Promise<void>;
  /** After one of the others it frees what the request held, and nothing else. Never rejects. */
  release(): Promise<void>;
}

export interface Admission {
  /** @throws StoreUnavailable, ProviderUnavailable */
  admit(
    presented: PresentedCredential,
  ): Promise<Admitted | { kind: 'refused' } | { kind: 'limited'; retryAfter: number }>;
  /** For a credential that has a session. */
  admitAccepted(presented: PresentedCredential): Admitted;
}

export function createAdmission(options: {
  store: Store;
  fingerprints: Fingerprints;
  limits: Config['limits'];
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Milliseconds on a clock that nobody can set: for pauses and ages. */
  elapsed: () => number;
  events: Events;
  guesses?: GuessState | undefined;
}): Admission {
  const { store, fingerprints, events, guesses = createGuessState(store, options) } = options;
  const { queues, grants, slotsOf } = guesses;
  const rateLimit = createRateLimit({ ...options, queues, counterKeyFor: fingerprints.counterKeyFor });

  const userOf = ({ credential }: PresentedCredential) => (credential.scheme === 'basic' ? credential.user : undefined);
  const keysOf = ({ application, credential, local }: PresentedCredential): Keys => ({
    // Keys alone decide about a local one until its end, and its session lives as long.
    accepted: local ? [] : fingerprints.acceptedKeysFor(application.slug, credential),
    grant: credential.scheme === 'basic' ? fingerprints.grantKeyFor(application) : undefined,
  });

  async function reportNotOffered(key: string, { application }: PresentedCredential, { cause }: Rejection) {
    if (!(await grants.notOffered(key))) return;
    const grant = application.basic === 'password' ? 'password grant' : 'client credentials grant with app passwords';
    const message =
      `the provider has no ${grant} for this client, so Authorization: Basic is left to the application and the ` +
      'provider is asked again once a minute; `basic: off` ends that, or the grant at the provider';
    const event = 'credential.grant_not_offered';
    events.emit('log', { level: 'warn', event, message, application: application.slug, error: cause });
  }

  async function learnGrant(key: string, presented: PresentedCredential, rejection: Rejection) {
    if (rejection.reason === 'grant_not_offered') await reportNotOffered(key, presented, rejection);
    else if (rejection.reason !== 'error_response') await grants.offered(key);
  }

  function admitted(presented: PresentedCredential, keys: Keys, permit?: Permit, freeSlot?: () => void): Admitted {
    const { accepted: acceptedKeys, grant: grantKey } = keys;
    return {
      kind: 'admitted',
      async refused(rejection) {
        // It is accepted no longer, and from now on a guess like any other.
        if (permit === undefined && rejection.reason !== 'wrong_time')
          await Promise.all(acceptedKeys.map((key) => store.delete(key)));
        if (grantKey !== undefined) await learnGrant(grantKey, presented, rejection);
        // None is a guess: a token of a session that was signed out was right until then, and what came at the wrong time
        // was right but for that, and is again when it is the clock here that is wrong.
        if (['grant_not_offered', 'signed_out', 'wrong_time'].includes(rejection.reason)) return false;
        return (await permit?.refused()) ?? false;
      },
      async accepted() {
        await permit?.accepted();
        if (grantKey !== undefined) await grants.offered(grantKey);
        if (acceptedKeys[0] !== undefined) await store.set(acceptedKeys[0], '1', ACCEPTED_MS);
      },
      async release() {
        freeSlot?.();
        if (grantKey !== undefined) await grants.unknown(grantKey);
        await permit?.release();
      },
    };
  }

  async function admitGuess(presented: PresentedCredential, keys: Keys, line: string) {
    const { application, credential, clientAddress: address, optional } = presented;
    const { slug, issuer } = application;
    const id = fingerprints.guessFor(slug, credential);
    const permit = await rateLimit.acquire({ id, slug, user: userOf(presented), address, optional });
    if ('retryAfter' in permit) return { kind: 'limited' as const, retryAfter: permit.retryAfter };
    try {
      const freeSlot = await slotsOf(tenantOf(issuer)).acquire(line);
      return admitted(presented, keys, permit, freeSlot);
    } catch (error) {
      await permit.release();
      throw error;
    }
  }

  return {
    async admit(presented) {
      const keys = keysOf(presented);
      const { accepted: acceptedKeys, grant: grantKey } = keys;
      const toRead = grantKey === undefined ? [...acceptedKeys] : [...acceptedKeys, grantKey];
      const rows = toRead.length === 0 ? [] : await store.getMany(toRead);
      // Attack: guesses of others, or a provider that says for a moment that it has no grant, would lock the owner of a
      // right credential out.
      if (rows.slice(0, acceptedKeys.length).some((row) => row !== undefined)) return admitted(presented, keys);
      const requester = requesterOf(presented.clientAddress, userOf(presented));
      if (grantKey === undefined) return admitGuess(presented, keys, requester.line);
      if (!(await grants.mayAsk(grantKey, rows.at(-1), requester))) return { kind: 'refused' };
      try {
        const result = await admitGuess(presented, keys, requester.line);
        if (result.kind === 'limited') await grants.unknown(grantKey);
        return result;
      } catch (error) {
        await grants.unknown(grantKey);
        throw error;
      }
    },
    admitAccepted: (presented) => admitted(presented, keysOf(presented)),
  };
}
