/** The one output of the process: standard output, flushed by a timer and at the end. */
import { createOutput, type Output, type OutputOptions } from './output.ts';

/** Lines wait in memory for no longer than this. */
const FLUSH_INTERVAL_MS = 200;

let output: Output | undefined;
let onRecovered: OutputOptions['onRecovered'];

/**
 * The output on this process's standard output; at the end of the process, however it comes, it writes the rest.
 * @param reportLoss `onRecovered` of the output; the log that was opened last reports for the process
 */
export function openStandardOutput(reportLoss: OutputOptions['onRecovered']): Output {
  onRecovered = reportLoss;
  if (output) return output;
  // Node makes a pipe one that never blocks when its stream is first looked at.
  void process.stdout.writable;
  output = createOutput(1, { onRecovered: (droppedLines) => onRecovered?.(droppedLines) });
  setInterval(output.flush, FLUSH_INTERVAL_MS).unref();
  process.on('exit', output.end);
  return output;
}
