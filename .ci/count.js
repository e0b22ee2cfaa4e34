/** Adds up the JSON reports in a folder: `count.js FOLDER STEPS`, where STEPS steps failed besides the tests. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, brokenSteps] = process.argv.slice(2);

/** Of one run of the tests. A run without a report, or that ended badly without a failed test, is one failure. */
function countRun(name) {
  const exitCode = readFileSync(join(folder, `${name}.code`), 'utf8').trim();
  let report;
  try {
    report = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
  } catch {
    return { passed: 0, failed: 1, broken: [`${name}: no report`], skipped: [] };
  }
  // A file that cannot even be loaded has no tests that could fail: it counts as one.
  const unloadable = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'),
  );
  const named = (isMeant) =>
    report.testResults.flatMap((file) =>
      file.assertionResults
        .filter(({ status }) => isMeant(status))
        .map(({ fullName, failureMessages }) => {
          const [why = ''] = failureMessages ?? [];
          return `${file.name}: ${fullName}${why && `: ${why.split('\n', 1)[0]}`}`;
        }),
    );
  const failed = report.numFailedTests + unloadable.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== '0' ? 1 : failed,
    broken: [
      ...named((status) => status === 'failed'),
      ...unloadable.map(({ name: file, message }) => `${file}: ${message}`),
    ],
    skipped: named((status) => status !== 'passed' && status !== 'failed'),
  };
}

const runs = readdirSync(folder)
  .filter((file) => file.endsWith('.code'))
  .map((file) => countRun(file.slice(0, -'.code'.length)));
for (const test of runs.flatMap(({ skipped }) => skipped)) console.log(`skipped: ${test}`);
// Here again, where who reads the end of a long log finds them.
for (const test of runs.flatMap(({ broken }) => broken)) console.log(`failed: ${test}`);
const sum = (key) => runs.reduce((total, run) => total + run[key], 0);
const [passed, failed] = [sum('passed'), sum('failed') + Number(brokenSteps)];
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
