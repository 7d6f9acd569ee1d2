import { DatabaseError } from '../../database/errors.js';
import { deferralCauses, type DeferralCause, type Stage } from '../../domain/deferral.js';
import type { MiddleKind } from '../../middle/admin-port.js';
import type { DeferredRow, DeferredSummary } from '../contract/rows.js';
import type { Finding, Level } from '../contract/checks.js';
import { fine } from './finding.js';

/** Where rows get stuck: claims and marks in the middle database, applies in the product store. */
type Side = 'middle' | 'store';

const sideOf: Readonly<Record<Stage, Side>> = { claim: 'middle', apply: 'store', mark: 'middle' };

const area = 'deferred';
const runbook = 'docs/operations.md, "Deferred rows"';

/** The deferred rows by cause and stage; `kind` is the middle database's, null if unknown. */
export async function deferredFindings(
  read: () => Promise<DeferredSummary>,
  kind: MiddleKind | null,
): Promise<Finding[]> {
  const summary = await readable(read);
  if ('finding' in summary) return [summary];
  if (summary.rows === 0) return [fine(area, 'no row is deferred')];
  return (['middle', 'store'] as const).flatMap((side) =>
    deferralCauses.flatMap((cause) => findingOf(summary, { side, cause, kind })),
  );
}

/** The grants of a release before do not cover its table. */
async function readable(read: () => Promise<DeferredSummary>): Promise<DeferredSummary | Finding> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.kind !== 'schema') throw error;
    return {
      area: 'privileges',
      level: 'error',
      finding: `sync_deferral cannot be read, so that no worker can hold a customer: ${error.message}`,
      whatToDo:
        "run sql/postgresql/grants-store.sql again, as the owner of the product store's tables: GRANT SELECT, INSERT, UPDATE, DELETE ON sync_deferral",
    };
  }
}

interface Group {
  readonly side: Side;
  readonly cause: DeferralCause;
  readonly kind: MiddleKind | null;
}

function findingOf({ byStage, oldest }: DeferredSummary, group: Group): Finding[] {
  const isOf = (row: { readonly stage: Stage; readonly cause: DeferralCause }): boolean =>
    sideOf[row.stage] === group.side && row.cause === group.cause;
  const counts = byStage.filter(isOf);
  const rows = counts.reduce((sum, count) => sum + count.rows, 0);
  if (rows === 0) return [];
  const stages = counts.map((count) => `${count.stage} ${count.rows}`).join(', ');
  const { why, level, whatToDo } = words(group);
  const many = rows === 1 ? '1 row is' : `${rows} rows are`;
  const finding = `${many} deferred with ${rows === 1 ? 'its customer' : 'their customers'} (${stages}): ${why}${example(oldest.find(isOf))}`;
  return [{ area, level, finding, whatToDo }];
}

function example(row: DeferredRow | undefined): string {
  if (row === undefined) return '';
  return `. Since ${row.since} (tries: ${row.tries}) ${row.table} ${row.streamingNo}: ${row.reason}`;
}

interface Words {
  readonly why: string;
  readonly level: Level;
  readonly whatToDo: string;
}

function words({ side, cause, kind }: Group): Words {
  if (side === 'store') return storeWords(cause);
  switch (cause) {
    case 'locked':
      return {
        why: 'another session holds a lock on them in the middle database',
        level: 'warning',
        whatToDo: `${release(kind)}; the rows continue within a minute (${runbook})${lockHolders(kind)}`,
      };
    case 'refused':
      return {
        why: 'the middle database refuses the update',
        level: 'error',
        whatToDo: `have the trigger or constraint that the database names fixed; the rows then continue, at once with "bnet-sync retry" (${runbook})${triggers(kind)}`,
      };
    case 'ignored':
      return {
        why: 'the update went through and the row did not change',
        level: 'error',
        whatToDo: `a trigger of the middle database undoes it: have it disabled or fixed (${runbook})${triggers(kind)}`,
      };
  }
}

function storeWords(cause: DeferralCause): Words {
  const why = {
    locked: 'another session holds a lock on what they change in the product store',
    refused: 'the product store, or a handler, refuses them',
    ignored: 'the product store did not take their change',
  }[cause];
  const whatToDo =
    cause === 'locked'
      ? 'find who holds it (PostgreSQL: pg_locks, pg_stat_activity) and have it committed or rolled back'
      : "look for the row in the log: a handler, or a constraint of the product's own tables; after worker.maxAttempts tries it ends with 00205";
  return { why, level: 'warning', whatToDo: `${whatToDo} (${runbook})` };
}

/** How to end a lock in the middle database. */
function release(kind: MiddleKind | null): string {
  return kind === 'sqlite'
    ? 'another process writes the file of the middle database: let it end'
    : 'find who holds it, and let them COMMIT or ROLLBACK: mostly a row edited by hand in PL/SQL Developer or DBeaver';
}

/** The statement that lists sessions with locks in the interface tables; empty if there is none. */
function lockHolders(kind: MiddleKind | null): string {
  if (kind === 'oracle')
    return `: SELECT s.sid, s.serial#, s.username, s.osuser, s.machine, s.program FROM V$LOCKED_OBJECT l JOIN V$SESSION s ON s.sid = l.session_id JOIN DBA_OBJECTS o ON o.object_id = l.object_id WHERE o.object_name LIKE 'IF_BNET%';`;
  if (kind !== 'postgresql') return '';
  return `: SELECT DISTINCT a.pid, a.usename, a.application_name, a.client_addr, a.state, a.xact_start FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_stat_activity a ON a.pid = l.pid WHERE c.relname LIKE 'if_bnet%' AND l.mode IN ('RowShareLock', 'RowExclusiveLock');`;
}

const triggerStatements: Readonly<Record<MiddleKind, string>> = {
  oracle: `SELECT table_name, trigger_name, status FROM ALL_TRIGGERS WHERE table_name LIKE 'IF_BNET%';`,
  postgresql: 'SELECT tgrelid::regclass, tgname, tgfoid::regproc FROM pg_trigger WHERE NOT tgisinternal;',
  sqlite: `SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger';`,
};

/** The statement that lists the triggers of the interface tables. */
function triggers(kind: MiddleKind | null): string {
  return kind === null ? '' : `: ${triggerStatements[kind]}`;
}
