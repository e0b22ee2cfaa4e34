/** Programs that no package registry has: the user says where they are. */
import { accessSync, constants } from 'node:fs';

/** @throws Error where the file cannot be run */
export function needProgram(path: string): void {
  try {
    accessSync(path, constants.X_OK);
  } catch (error) {
    throw new Error(`${path} is no program: ${(error as Error).message}`, { cause: error });
  }
}
