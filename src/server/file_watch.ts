/**
 * Notices that files have changed and are whole again: editors replace a file, programs write into it piece by piece, and
 * Kubernetes exchanges the link of a folder above it.
 */
import { type FSWatcher, watch } from 'node:fs';
import { lstat, readlink, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Looks of themselves, where no event comes: NFS, and folders that Docker Desktop shares. */
const POLL_MS = 5000;
/** A file that has not changed for so long is whole. */
const SETTLED_MS = 500;
/** Events that come together, and those of other files in the same folder, make one look. */
const LOOK_MS = 100;
/** Of one path; the system follows no more either. */
const MAX_LINKS = 40;
/** Systems bound how much is watched; what is not is looked at by the poll. */
const MAX_WATCHERS = 256;

export interface FileWatch {
  /** Watches these files and no others. */
  follow(paths: readonly string[]): Promise<void>;
  close(): void;
}

/**
 * @param onChange is called when something about a file has changed and nothing more does; what it is, the content tells
 * @param options `pollMs`, `settledMs`: milliseconds
 */
export function createFileWatch(
  onChange: () => void,
  { pollMs = POLL_MS, settledMs = SETTLED_MS }: { pollMs?: number; settledMs?: number } = {},
): FileWatch {
  let paths: readonly string[] = [];
  let watchers: FSWatcher[] = [];
  let known = '';
  let changedAt: number | undefined;
  let looking = false;
  let closed = false;
  let next: NodeJS.Timeout | undefined;

  /** One look at a time; the earliest of those that are wanted. */
  function lookIn(ms: number): void {
    if (closed || next !== undefined) return;
    next = setTimeout(() => {
      next = undefined;
      void look();
    }, ms).unref();
  }

  async function look(): Promise<void> {
    if (closed || paths.length === 0) return;
    if (looking) return lookIn(LOOK_MS);
    looking = true;
    const followed = paths;
    const present = await signatureOf(followed);
    looking = false;
    if (closed) return;
    // Other files are followed since: the next look is about them.
    if (followed !== paths) return lookIn(LOOK_MS);
    if (present !== known) {
      known = present;
      changedAt = performance.now();
    }
    if (changedAt === undefined) return;
    const leftMs = changedAt + settledMs - performance.now();
    if (leftMs > 0) return lookIn(leftMs);
    changedAt = undefined;
    // Links may lead elsewhere now, and a file that was replaced is another one.
    await arm();
    onChange();
  }

  async function arm(): Promise<void> {
    const places = await placesOf(paths);
    if (closed) return;
    for (const watcher of watchers) watcher.close();
    watchers = places.slice(0, MAX_WATCHERS).flatMap((place) => startWatcher(place, () => lookIn(LOOK_MS)));
  }

  const polling = setInterval(() => lookIn(0), pollMs).unref();
  return {
    async follow(files) {
      if (files.join('\0') === paths.join('\0')) return;
      paths = files;
      await arm();
      // What is known of them may be older than this.
      lookIn(0);
    },
    close() {
      closed = true;
      clearInterval(polling);
      clearTimeout(next);
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** What is not there, or more than the system allows, is looked at by the poll. */
function startWatcher(place: string, onEvent: () => void): FSWatcher[] {
  try {
    const watcher = watch(place, { persistent: false }, onEvent);
    return [watcher.on('error', () => watcher.close())];
  } catch {
    return [];
  }
}

/**
 * Where events of files come from: their folders, as a file may be replaced; the files themselves, as one that is mounted
 * alone is written in another folder; and the same for each link on the way.
 */
async function placesOf(paths: readonly string[]): Promise<string[]> {
  const folders = new Set<string>();
  const files = new Set<string>();
  for (const path of paths) {
    let at = path;
    for (let links = 0; links < MAX_LINKS; links++) {
      folders.add(dirname(at));
      const target = await readlink(at).catch(() => undefined);
      if (target === undefined) break;
      // `..data/gatepost.yaml`: the folder is a link, too.
      const first = target.split('/')[0];
      if (first !== undefined && first !== '') folders.add(join(dirname(at), first));
      at = resolve(dirname(at), target);
    }
    files.add(at);
  }
  return [...folders, ...files];
}

/** Changes with each write, replacement and exchange of a link. */
async function signatureOf(paths: readonly string[]): Promise<string> {
  const signatures: string[] = [];
  for (const path of paths) {
    const [file, link] = await Promise.all([
      stat(path, { bigint: true }).catch(() => undefined),
      lstat(path, { bigint: true }).catch(() => undefined),
    ]);
    signatures.push(
      file === undefined
        ? 'none'
        : [file.dev, file.ino, file.size, file.mtimeNs, file.ctimeNs, link?.ctimeNs].join(' '),
    );
  }
  return signatures.join('\n');
}
