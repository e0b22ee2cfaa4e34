/** What the page on outposts shows: the instances that said hello lately, and whether they are outdated. */
import { compareVersions, parseVersion } from '../pep440.ts';
import type { InstanceState } from '../rows.ts';
import type { World } from '../world.ts';

/** One and a half beats. */
export const FORGET_AFTER_MS = 15_000;

/** Forgets those that have been silent too long. */
export function liveInstances(world: World, nowMs = world.settings.now()): InstanceState[] {
  for (const [uid, { lastSeenMs }] of world.instances)
    if (nowMs - lastSeenMs >= FORGET_AFTER_MS) world.instances.delete(uid);
  return [...world.instances.values()];
}

/** Throws where the server would: a value of a wrong type, or a version that is none. */
export function healthOf(world: World) {
  const { traits, buildHash } = world.settings;
  return liveInstances(world).map((state) => {
    assertTypes(state);
    return {
      uid: state.uid,
      last_seen: new Date(state.lastSeenMs).toISOString(),
      version: state.version,
      ...(traits.namesInstanceByQuery && {
        golang_version: state.golangVersion,
        openssl_enabled: state.opensslEnabled,
        openssl_version: state.opensslVersion,
        // Only a license shows it.
        fips_enabled: null,
      }),
      version_should: traits.version,
      version_outdated: isOutdated(world, String(state.version), String(state.buildHash)),
      build_hash: state.buildHash,
      build_hash_should: buildHash,
      hostname: state.hostname,
    };
  });
}

function isOutdated(world: World, version: string, hash: string): boolean {
  const { traits, buildHash } = world.settings;
  if (version === '' || hash !== buildHash) return false;
  const order = compareVersions(parseVersion(version), parseVersion(traits.version));
  return traits.newerIsOutdated ? order !== 0 : order < 0;
}

function assertTypes(state: InstanceState): void {
  const wrong = (['version', 'buildHash', 'golangVersion', 'opensslVersion', 'hostname'] as const).filter(
    (name) => typeof state[name] !== 'string',
  );
  const flags = (['opensslEnabled', 'fipsEnabled'] as const).filter((name) => typeof state[name] !== 'boolean');
  if (wrong.length + flags.length > 0) throw new Error(`wrong type for field "${[...wrong, ...flags].join(', ')}"`);
}
