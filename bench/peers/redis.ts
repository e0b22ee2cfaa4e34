/** Redis, for the servers that keep sessions in it: a process of its own, which is not counted with the server. */
import { installPackages } from '../../scripts/debian.ts';
import { findProgram } from '../programs.ts';

export function needRedis(): void {
  if (!findProgram('redis-server')) installPackages('redis-server');
}
