/** Lines of requests that wait for one another, in this process: one line for each key, gone when it is empty. */

export interface Line {
  /** How many stand before this one. */
  place(): number;
  /** Resolves when somebody leaves the line. */
  moved(): Promise<void>;
  /** Leaves the line; a second time does nothing. */
  leave(): void;
}

export interface Lines {
  /** Stands at the end of a line at once. */
  join(key: string): Line;
}

export function createLines(): Lines {
  const lines = new Map<string, { tickets: symbol[]; waiting: (() => void)[] }>();
  return {
    join(key) {
      const line = lines.get(key) ?? { tickets: [], waiting: [] };
      lines.set(key, line);
      const ticket = Symbol();
      line.tickets.push(ticket);
      return {
        place: () => line.tickets.indexOf(ticket),
        moved: () => new Promise<void>((resolve) => line.waiting.push(resolve)),
        leave() {
          const place = line.tickets.indexOf(ticket);
          if (place < 0) return;
          line.tickets.splice(place, 1);
          if (line.tickets.length === 0) lines.delete(key);
          for (const wake of line.waiting.splice(0)) wake();
        },
      };
    },
  };
}
