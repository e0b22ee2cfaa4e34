/** Whether the folder of a file store may be opened by this process without taking it from Gatepost. */
import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Report } from './check.ts';

/**
 * Attack on oneself: run as root beside a Gatepost that is another user, the doctor would make files there that Gatepost
 * cannot open afterwards. So it opens a folder of its own user alone, and makes none.
 * @returns whether the store may be opened
 */
export function checkFolder(folder: string, report: Report): boolean {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) {
    report.warning(
      'store.folder',
      `${folder} is not there yet: Gatepost makes it when it starts`,
      'Start Gatepost, then run this again.',
    );
    return false;
  }
  if (!found.isDirectory()) {
    report.error('store.folder', `${folder} is no folder`, 'Name a folder that Gatepost has to itself in store.');
    return false;
  }
  const userId = process.geteuid?.();
  if (userId !== undefined && found.uid !== userId) {
    report.warning(
      'store.folder',
      `${folder} belongs to user ${found.uid}, and this is ${userInfo().username} (${userId}): it was not opened`,
      `Run this as the user that runs Gatepost, such as: sudo -u '#${found.uid}' gatepost doctor`,
    );
    return false;
  }
  if ((found.mode & 0o022) !== 0 && process.platform !== 'win32')
    report.warning(
      'store.folder',
      `other users can write in ${folder} (mode ${(found.mode & 0o7777).toString(8)}), and so undo sign-outs`,
      `chmod 700 ${folder}, if nothing else is in it; else give Gatepost a folder of its own.`,
    );
  else report.ok('store.folder', `${folder} is this user's`);
  return true;
}
