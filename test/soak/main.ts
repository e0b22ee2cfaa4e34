/** `npm run soak -- [--minutes N] [--store NAME]`: mixed load and faults; exit code 1 where something was lost, came back or failed. */
import { writeFileSync } from 'node:fs';
import { needPrograms, type Options, readOptions, usage } from './options.ts';
import { describeReports, violationsOf } from './report.ts';
import { runStore } from './run.ts';

/** After a signal or an error of the soak's own, until the processes have ended. */
const CLOSE_MS = 2000;

async function soak(options: Options): Promise<void> {
  needPrograms(options.stores);
  const { seed, minutes, rate, faults, logs } = options;
  console.log(`seed ${seed}`);
  const say = (line: string) => console.log(line);
  const stop = new AbortController();
  const leave = (code: number) => {
    stop.abort();
    setTimeout(() => process.exit(code), CLOSE_MS);
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => leave(130));
  process.once('uncaughtException', (error) => {
    console.error(error);
    leave(1);
  });
  const { signal } = stop;
  const shared = { seed, rate, faults, logs, say, signal, seconds: minutes * 60, pauseMs: Number.POSITIVE_INFINITY };
  const reports = await Promise.all(options.stores.map((store) => runStore({ ...shared, store })));
  console.log(`\n${describeReports(reports)}`);
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify({ seed, minutes, reports }, null, 2));
  if (reports.some((report) => violationsOf(report) > 0)) process.exitCode = 1;
}

function read(): Options {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exit(2);
  }
}

try {
  await soak(read());
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
