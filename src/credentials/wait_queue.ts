/** Lines of requests that wait for one another, in this process: one queue for each key, gone when it is empty. */

export interface QueueEntry {
  /** How many stand before this one. */
  position(): number;
  /** Resolves when somebody leaves the queue. */
  advanced(): Promise<void>;
  /** Leaves the queue; a second time does nothing. */
  leave(): void;
}

export interface WaitQueue {
  /** Stands at the end of a queue at once. */
  join(key: string): QueueEntry;
}

export function createWaitQueue(): WaitQueue {
  const queues = new Map<string, { tickets: symbol[]; waiting: (() => void)[] }>();
  return {
    join(key) {
      const queue = queues.get(key) ?? { tickets: [], waiting: [] };
      queues.set(key, queue);
      const ticket = Symbol();
      queue.tickets.push(ticket);
      return {
        position: () => queue.tickets.indexOf(ticket),
        advanced: () => new Promise<void>((resolve) => queue.waiting.push(resolve)),
        leave() {
          const position = queue.tickets.indexOf(ticket);
          if (position < 0) return;
          queue.tickets.splice(position, 1);
          if (queue.tickets.length === 0) queues.delete(key);
          for (const wake of queue.waiting.splice(0)) wake();
        },
      };
    },
  };
}
