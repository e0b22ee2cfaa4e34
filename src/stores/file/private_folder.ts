/** Keeps the folder of the file store, and the files in it, to the user that runs Gatepost. */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';

export const DATABASE_FILE = 'sessions.mdb';
export const LOCK_FILE = `${DATABASE_FILE}-lock`;
export const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** The bits of group and others. */
const OTHERS = 0o077;
/** What a folder may hold and still be Gatepost's alone: its files, and what a new file system holds. */
const OWN_NAMES = new Set([DATABASE_FILE, LOCK_FILE, 'lost+found']);

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
const octal = (mode: number) => `0${(mode & 0o7777).toString(8)}`;

/**
 * Makes `folder`, and takes it and its files from everybody but this user. Windows has no such modes: nothing is done
 * there.
 * @returns what stays open to other users and has to be told to the operator
 * @throws Error another user has put something in the place of the folder or of a file
 */
export function keepPrivate(folder: string): string[] {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  const userId = process.geteuid?.();
  if (userId === undefined) return [];
  const warnings = [closeFolder(folder, userId)];
  for (const name of [DATABASE_FILE, LOCK_FILE]) warnings.push(closeFile(join(folder, name), userId));
  return warnings.filter((warning) => warning !== undefined);
}

function closeFolder(folder: string, userId: number): string | undefined {
  const link = lstatSync(folder);
  // Attack: another user of the machine plants a link where the folder will be, and with it chooses what is opened and
  // changed.
  if (link.isSymbolicLink() && link.uid !== userId && link.uid !== 0)
    throw new Error(`${folder} is a link that user ${link.uid} has made`);
  const { uid, mode } = statSync(folder);
  if ((mode & OTHERS) === 0) return undefined;
  // Attack: in a folder that others may write in, they delete records and so undo sign-outs. The mode of a folder that
  // holds other things too (/tmp, /var/lib) is not Gatepost's to change.
  const isOwn = uid === userId && readdirSync(folder).every((name) => OWN_NAMES.has(name));
  if (isOwn && setFolderMode(folder)) return undefined;
  return `the folder ${folder} is open to other users (user ${uid}, mode ${octal(mode)}): who can write there can delete sessions and undo sign-outs; give Gatepost a folder of its own with mode ${octal(FOLDER_MODE)}`;
}

/** A file that is not there yet is made with `FILE_MODE` from the beginning, when the database is opened. */
function closeFile(path: string, userId: number): string | undefined {
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file === undefined) return undefined;
  // Attack: another user plants a link or a file of their own, so that Gatepost writes into what it did not mean, or
  // they read it.
  if (!file.isFile()) throw new Error(`${path} is not a plain file`);
  // Root may look after the store of another user.
  if (file.uid !== userId && userId !== 0)
    throw new Error(`${path} belongs to user ${file.uid}, Gatepost runs as user ${userId}`);
  // Attack: another user of the machine reads the rows, or takes locks on the database, where an older version or a
  // copy left it open.
  if ((file.mode & OTHERS) === 0 || setFileMode(path)) return undefined;
  return `${path} is open to other users (mode ${octal(file.mode)}): its mode cannot be changed to ${octal(FILE_MODE)}`;
}

/** Whether the folder is this user's alone now. It may be reached through a link of the operator's. */
function setFolderMode(folder: string): boolean {
  return succeeds(() => chmodSync(folder, FOLDER_MODE)) && (statSync(folder).mode & OTHERS) === 0;
}

/** Whether the file is this user's alone now. Never through a link: one may have been put there since the last look. */
function setFileMode(path: string): boolean {
  return (
    succeeds(() => {
      const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      try {
        fchmodSync(file, FILE_MODE);
      } finally {
        // Closing any descriptor of the lock file would release the locks that this process has on it (fcntl(2)).
        if (!path.endsWith(LOCK_FILE)) closeSync(file);
      }
    }) && (lstatSync(path).mode & OTHERS) === 0
  );
}

/** File systems without modes, and those of others, refuse. */
function succeeds(change: () => void): boolean {
  try {
    change();
    return true;
  } catch {
    return false;
  }
}
