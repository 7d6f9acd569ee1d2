import { State } from '../domain/states.js';

/* What is asked of the stage, in SQLite's SQL. */

/** Rows that the journal knows as applied, in the order in which they were. */
export const journalledRows = `
  SELECT r.content, e.requeued, e.repaired, e.attempt, e.decided_at AS decidedAt FROM entry AS e JOIN row AS r USING (source, streaming_no)
  WHERE e.cust = ? AND NOT e.superseded AND e.outcome = 'applied'
  ORDER BY e.decided_at, r.create_date, length(e.streaming_no), e.streaming_no, e.source DESC`;

/** Finished rows that the journal does not know as applied. */
export const notApplied = `r.state = ${State.Succeeded} AND NOT EXISTS (
    SELECT 1 FROM entry AS e WHERE e.source = r.source AND e.streaming_no = r.streaming_no
      AND NOT e.superseded AND e.outcome = 'applied')`;

/** The same of one customer, in the order of their marks. */
export const notAppliedRows = `
  SELECT r.content FROM row AS r WHERE r.cust = ? AND ${notApplied}
  ORDER BY r.state_date, r.create_date, length(r.streaming_no), r.streaming_no, r.source DESC`;

/** Finished rows that the journal does not know, in their customer's order. */
export const unjournalledRows = `
  SELECT r.content FROM row AS r WHERE r.cust = ? AND r.state = ${State.Succeeded} AND NOT EXISTS (
    SELECT 1 FROM entry AS e
    WHERE e.source = r.source AND e.streaming_no = r.streaming_no AND NOT e.superseded)
  ORDER BY r.create_date, length(r.streaming_no), r.streaming_no, r.source DESC`;

/** Finished rows that the journal does not know as applied, and rows that it does and that say otherwise. */
export const candidateRows = `
  SELECT r.source, r.streaming_no AS streamingNo, COALESCE(CAST(r.state AS TEXT), '') AS state,
         CASE WHEN e.outcome = 'applied' THEN 'applied' ELSE e.said END AS journal,
         CASE WHEN e.outcome IS NULL THEN 'notInJournal' WHEN e.outcome = 'failed' THEN 'refusedInJournal'
              WHEN r.state = ${State.Succeeded} THEN 'changedSince' ELSE 'appliedInJournal' END AS kind
  FROM row AS r LEFT JOIN entry AS e
    ON e.source = r.source AND e.streaming_no = r.streaming_no AND NOT e.superseded
  WHERE r.cust = ? AND CASE WHEN r.state = ${State.Succeeded}
          THEN e.outcome IS NULL OR e.outcome = 'failed' OR e.digest <> r.digest
          ELSE e.outcome = 'applied' AND (r.state IS NULL OR r.state NOT IN (${State.Initial}, ${State.Processing})) END
  ORDER BY r.create_date, length(r.streaming_no), r.streaming_no, r.source DESC`;

/** Whether rows that took effect have gone, or stand there with other content to be applied anew. */
export const lostRows = `
  SELECT CASE WHEN r.source IS NULL THEN 'rowsLeft' ELSE 'rowsRewritten' END AS lost
  FROM entry AS e LEFT JOIN row AS r USING (source, streaming_no)
  WHERE e.cust = ? AND NOT e.superseded AND e.outcome = 'applied'
    AND (r.source IS NULL OR (r.digest <> e.digest AND r.state <> ${State.Succeeded}))
  UNION ALL
  SELECT 'rowsRewritten' FROM entry AS e WHERE e.cust = ? AND e.superseded AND e.outcome = 'applied'
  LIMIT 1`;
