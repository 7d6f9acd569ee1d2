import type { Attempt } from './keys.js';
import type { Cell } from './rows.js';

/** What became of a row. */
export type Outcome = 'applied' | 'failed';

/** What the journal must know of an attempt that is recorded (`sync_journal`). */
export interface JournalRecord extends Attempt {
  readonly outcome: Outcome;
  /** Null when applied. */
  readonly code: string | null;
  readonly errContent: string | null;
  readonly opFlag: Cell;
  readonly productId: Cell;
  readonly custId: Cell;
  readonly bizId: Cell;
  readonly userId: Cell;
  /** See `rowDigest`. */
  readonly digest: string;
}

/** What the journal answers for a row: its current entry, or the superseded one of the attempt asked for. */
export interface JournalEntry extends Attempt {
  readonly superseded: boolean;
  readonly outcome: Outcome;
  readonly errContent: string | null;
  readonly digest: string;
}

/** How the journal answers an attempt. */
export type JournalAnswer =
  /** Not decided yet. `supersedes`: an older attempt's entry is closed with it. */
  | { readonly kind: 'undecided'; readonly supersedes: boolean; readonly contentChanged: boolean }
  /** It was decided: only the mark is missing. `again`: for another attempt; a success that was put back, for instance. */
  | {
      readonly kind: 'decided';
      readonly outcome: Outcome;
      readonly errContent: string | null;
      readonly again: boolean;
    };

/**
 * What the journal says to an attempt with this content. `failed` answers only its own attempt; `applied` answers
 * every attempt with the same content. An attempt that was superseded is never decided again: it came back with an older
 * state of the middle database, and gets the answer of the current entry. Everything else is a new attempt.
 */
export function answerOf(entries: readonly JournalEntry[], attempt: string, digest: string): JournalAnswer {
  const current = entries.find((entry) => !entry.superseded);
  if (current === undefined) return { kind: 'undecided', supersedes: false, contentChanged: false };
  const same = current.attempt === attempt;
  const superseded = entries.some((entry) => entry.superseded && entry.attempt === attempt);
  if (same || superseded || (current.outcome === 'applied' && current.digest === digest)) {
    return { kind: 'decided', outcome: current.outcome, errContent: current.errContent, again: !same };
  }
  return { kind: 'undecided', supersedes: true, contentChanged: current.outcome === 'applied' };
}
