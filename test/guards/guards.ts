import { hostGuards } from './host-guards.js';
import { isolationGuards } from './isolation-guards.js';

/** A text of a source file, and what stands there once a guard is switched off. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

/** A guard of the protocol, how to switch it off, and the test that must turn red then. */
export interface Guard {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Test file, and a part of the test's full name. */
  readonly test: { readonly file: string; readonly name: string };
}

const knexMiddle = 'src/middle/knex/middle-database.ts';
const knexStatements = 'src/middle/knex/statements.ts';
const oracleStatements = 'src/middle/oracle/statements.ts';
const leases = 'src/store/knex/leases.ts';

/** The guards that the protocol rests on, each for itself. */
export const guards: readonly Guard[] = [
  {
    name: 'the claim’s State = 0',
    edits: [
      {
        file: knexStatements,
        find: 'guard: `t.State = a.expects AND (a.expects',
        put: 'guard: `(a.expects = 0 OR t.State = a.expects) AND (a.expects',
      },
    ],
    test: { file: 'test/conformance/middle-sqlite.test.ts', name: 'leaves a row alone that came to State' },
  },
  {
    name: 'the claim’s State = 0, on Oracle',
    edits: [
      {
        file: oracleStatements,
        find: 't.State = :expects AND ${mayBeClaimed}',
        put: 't.State >= :expects',
      },
      {
        file: oracleStatements,
        find: 'mayBeClaimed = `(t.State = ${State.Initial} OR ',
        put: 'mayBeClaimed = `(t.State >= ${State.Initial} OR ',
      },
    ],
    test: { file: 'test/conformance/middle-oracle.test.ts', name: 'leaves a row alone that came to State' },
  },
  {
    name: 'the mark’s State = 1',
    edits: [
      {
        file: knexStatements,
        find: 'guard: `t.State = ${State.Processing} AND ${dialect.sameAttempt}`',
        put: 'guard: `${dialect.sameAttempt}`',
      },
    ],
    test: { file: 'test/conformance/middle-sqlite.test.ts', name: 'alone and reports it as it stands' },
  },
  {
    name: 'the mark’s State = 1, on Oracle',
    edits: [{ file: oracleStatements, find: ' AND t.State = ${State.Processing}\n', put: '\n' }],
    test: { file: 'test/conformance/middle-oracle.test.ts', name: 'alone and reports it as it stands' },
  },
  {
    name: 'the mark’s StateDate',
    edits: [{ file: knexStatements, find: ' AND ${dialect.sameAttempt}', put: '' }],
    test: { file: 'test/conformance/middle-sqlite.test.ts', name: 'of an earlier attempt changes nothing' },
  },
  {
    name: 'the mark’s StateDate, on Oracle',
    edits: [{ file: oracleStatements, find: '  AND ${attemptText} = :attempt', put: '' }],
    test: { file: 'test/conformance/middle-oracle.test.ts', name: 'of an earlier attempt changes nothing' },
  },
  {
    name: 'the journal’s key',
    edits: [
      {
        file: 'src/store/knex/migrations.ts',
        find: 'CREATE UNIQUE INDEX sync_journal_current',
        put: 'CREATE INDEX sync_journal_current',
      },
    ],
    test: { file: 'test/conformance/store-sqlite.test.ts', name: 'refuses a second current entry of a row' },
  },
  {
    name: 'the fence',
    edits: [
      {
        file: leases,
        find: 'rows.length !== leases.length || first === undefined',
        put: 'first === undefined',
      },
    ],
    test: { file: 'test/conformance/store-sqlite.test.ts', name: 'stops it where a lease it relies on' },
  },
  {
    name: 'the term in the fence',
    edits: [{ file: leases, find: 'l.term = r.term AND ', put: '' }],
    test: {
      file: 'test/conformance/store-sqlite.test.ts',
      name: 'stops it where a lease it relies on went and came back',
    },
  },
  {
    name: 'the single snapshot of the poll',
    edits: [
      {
        file: knexMiddle,
        find: 'const { rows } = await this.#database.execute(pollStatement(this.#tables, request));',
        put: `const first = await this.#database.execute(pollStatement(this.#tables, request));
    const second = await this.#database.execute(pollStatement(this.#tables, request));
    const rows = [
      ...second.rows.filter((row) => row['source'] === 'CUST'),
      ...first.rows.filter((row) => row['source'] === 'ACCOUNT'),
    ];`,
      },
    ],
    test: { file: 'test/conformance/middle-sqlite.test.ts', name: 'comes from one statement' },
  },
  {
    name: 'superseding within the apply transaction',
    edits: [
      {
        file: 'src/store/knex/product-store.ts',
        find: 'await supersede(this.#transaction, superseding);',
        put: 'await supersede(this.#outside, superseding);',
      },
      {
        file: 'src/store/knex/product-store.ts',
        find: 'new KnexApplyTransaction(transaction, workerId, fence.at)',
        put: 'new KnexApplyTransaction(transaction, workerId, fence.at, this.#database)',
      },
      {
        file: 'src/store/knex/product-store.ts',
        find: 'constructor(transaction: Transaction, workerId: string, at: string) {',
        put: 'readonly #outside: Database;\n  constructor(transaction: Transaction, workerId: string, at: string, outside: Database) {\n    this.#outside = outside;',
      },
    ],
    test: {
      file: 'test/conformance/store-postgresql.test.ts',
      name: 'leaves the old entry open when the transaction that would close it fails',
    },
  },
  {
    name: 'the attempt in the journal',
    edits: [
      {
        file: 'src/domain/journal.ts',
        find: 'const same = current.attempt === attempt;',
        put: 'const same = current.attempt !== "";',
      },
    ],
    test: { file: 'test/integration/worker.test.ts', name: 'decides a corrected row anew' },
  },
  {
    name: 'the note of a trial',
    edits: [
      {
        file: 'src/worker/crash-quarantine.ts',
        find: "await health.track('store', () => store.crashLog.begin(row));",
        put: '',
      },
    ],
    test: { file: 'test/unit/worker/crash-quarantine.test.ts', name: '' },
  },
  {
    name: 'the worker’s own commits in the fence',
    edits: [
      {
        file: 'src/store/knex/product-store.ts',
        find: 'fence.known < commits.length',
        put: 'fence.known < 0',
      },
    ],
    test: { file: 'test/conformance/store-sqlite.test.ts', name: 'once one of them is gone' },
  },
  {
    name: 'the open alarm in the fence',
    edits: [
      { file: 'src/store/knex/product-store.ts', find: 'if (fence.alarmOpen)', put: 'if (fence.known < 0)' },
    ],
    test: { file: 'test/conformance/store-sqlite.test.ts', name: 'decide anything while one is open' },
  },
  {
    name: 'the compared term in the fence',
    edits: [{ file: leases, find: "(r.provisional = 1 OR ${isCompared('l', server)})", put: 'TRUE' }],
    test: { file: 'test/conformance/store-sqlite.test.ts', name: 'taken and not compared under this term' },
  },
  {
    name: 'the renewal that counts only once the shard was compared',
    edits: [
      {
        file: leases,
        find: "CASE WHEN ${isCompared('sync_shard', name)} AND",
        put: 'CASE WHEN',
      },
    ],
    test: { file: 'test/conformance/store-sqlite.test.ts', name: 'of those alone that were compared' },
  },
  {
    name: 'the comparison of finished rows at a takeover',
    edits: [
      {
        file: 'src/worker/store-guard.ts',
        find: 'if (lost.length > 0 && !settings.othersFinishRows)',
        put: 'if (lost.length > 1_000_000)',
      },
    ],
    test: { file: 'test/integration/store-loss.test.ts', name: 'in the smallest case' },
  },
  {
    name: 'the server on which a shard was compared',
    edits: [{ file: leases, find: ' AND ${alias}.compared_on = ${server}', put: '' }],
    test: { file: 'test/conformance/store-sqlite.test.ts', name: 'that was compared on another server' },
  },
  {
    name: 'the worker of an own commit',
    edits: [{ file: 'src/store/knex/guard.ts', find: 'AND j.worker = c.worker)', put: ')' }],
    test: { file: 'test/conformance/store-sqlite.test.ts', name: 'has decided anew under the same attempt' },
  },
  {
    name: 'the look at rows that were finished before they could be taken over',
    edits: [
      {
        file: 'src/worker/store-guard.ts',
        find: 'if (unknown.length === 0) return true;',
        put: 'return true;',
      },
    ],
    test: { file: 'test/unit/worker/store-guard.test.ts', name: 'the late mark of a decision that is lost' },
  },
  {
    name: 'the server in the fence',
    edits: [{ file: leases, find: 'AND r.server = ${server}', put: '' }],
    test: { file: 'test/conformance/store-sqlite.test.ts', name: 'lease that was read on another server' },
  },
  {
    name: 'the fence that tells nothing for a batch compared alone',
    edits: [
      {
        file: leases,
        find: "CASE WHEN ${isCompared('s', server)} THEN ${dialect.now} ELSE s.held_until END",
        put: '${dialect.now}',
      },
    ],
    test: { file: 'test/conformance/store-sqlite.test.ts', name: 'compared for their batch alone' },
  },
  {
    name: 'the rows in State 1 that keep a comparison open',
    edits: [
      {
        file: 'src/guard/compare-finished.ts',
        find: 'new Set(unknown.map(({ custId }) => shardOf(custId, shards)))',
        put: 'new Set<number>()',
      },
    ],
    test: { file: 'test/unit/worker/store-guard.test.ts', name: 'compared again with the next' },
  },
  {
    name: 'the alarm that keeps marks from being written',
    edits: [{ file: 'src/worker/mark-stage.ts', find: 'if (guard.isOpen) return;', put: '' }],
    test: { file: 'test/unit/worker/pipeline.test.ts', name: 'marks nothing while an alarm is open' },
  },
  {
    name: 'the decided row that waits for nothing',
    edits: [
      {
        file: 'src/domain/waiting.ts',
        find: 'isAnswered ? null : waitOf',
        put: 'waitOf',
      },
    ],
    test: { file: 'test/unit/domain/waiting.test.ts', name: 'only its mark is missing' },
  },
  {
    name: 'the loss that is recorded before the leases are given back',
    edits: [
      {
        file: 'src/worker/lease-keeper.ts',
        find: 'if (!guard.report(error)) throw error;',
        put: 'throw error;',
      },
    ],
    test: { file: 'test/unit/worker/lease-keeper.test.ts', name: 'whose connection finds a loss' },
  },
  {
    name: 'the pause after a poll without a row that was due',
    edits: [
      {
        file: 'src/worker/deferrals.ts',
        find: 'until > now || !this.#polled.has(custId)',
        put: 'until > 0',
      },
    ],
    test: { file: 'test/unit/worker/deferrals.test.ts', name: 'in no hurry once' },
  },
  ...hostGuards,
  ...isolationGuards,
];
