import { simulationStart } from './event-loop.js';

/** Notes what somebody did, now. */
export type Journalist = (who: string, what: string) => void;

/** A fact of a simulation. */
export interface Fact {
  /** Virtual time, in milliseconds since 1970. */
  readonly at: number;
  readonly who: string;
  readonly what: string;
}

/** Facts as lines to read: seconds since the start, who, what. */
export function storyOf(facts: readonly Fact[]): string {
  const width = Math.max(0, ...facts.map(({ who }) => who.length));
  return facts
    .map(({ at, who, what }) => {
      const seconds = ((at - simulationStart) / 1000).toFixed(3).padStart(9);
      return `${seconds}  ${who.padEnd(width)}  ${what}`;
    })
    .join('\n');
}
