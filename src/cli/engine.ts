/** What V8 is told for a process that answers the same requests for months (docs/decisions/0036-tell-v8.md). */
import { executionAsyncResource } from 'node:async_hooks';
import v8 from 'node:v8';

// V8 would allocate among the old objects what outlived a collection often enough. Under load that is, by chance, what
// a request makes: it then stays until the next full collection, and what it refers to with it.
v8.setFlagsFromString('--no-allocation-site-pretenuring');

/**
 * One of the objects that `process.nextTick` makes. V8 forgets a shape that no object has after some collections of an idle
 * process; where it meets the next one in this function, it gives up for good and takes eight times as long.
 */
export const ticks: object[] = [];

process.nextTick(() => ticks.push(executionAsyncResource()));
