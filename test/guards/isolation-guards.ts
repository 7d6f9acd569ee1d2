import type { Guard } from './guards.js';

const oneCustomer = 'test/integration/one-customer.test.ts';
const isolation = 'test/unit/worker/bisect-batch.test.ts';
const postgresql = 'test/conformance/middle-postgresql-races.test.ts';
const oracle = 'test/conformance/middle-oracle-races.test.ts';
const markStage = 'src/worker/mark-stage.ts';

/** A stage that takes every refusal for one of all rows, and so opens its breaker instead of looking for the row. */
function unsplit(file: string, importing: string, call: string): Guard['edits'] {
  return [
    {
      file,
      find: importing,
      put: `${importing}\nimport { BreakerOpenError as NotSplit } from './circuit-breaker.js';`,
    },
    { file, find: call, put: `${call}.catch((error: Error) => { throw new NotSplit(error.message); })` },
  ];
}

/** What "one row, one customer" rests on (P12; docs/protocol.md). */
export const isolationGuards: readonly Guard[] = [
  {
    name: 'the splitting of claims',
    edits: unsplit(
      'src/worker/claim-batch.ts',
      "import { deferRows } from './defer-rows.js';",
      'middle.claim(part)',
    ),
    test: { file: oneCustomer, name: 'a claim that is refused' },
  },
  {
    name: 'the splitting of marks',
    edits: unsplit(markStage, "import { deferRows } from './defer-rows.js';", 'middle.mark(marks)'),
    test: { file: oneCustomer, name: 'a mark that is refused, keeps no other row' },
  },
  {
    name: 'the splitting of applies',
    edits: [
      {
        file: 'src/worker/apply-stage.ts',
        find: 'attempt: (rows) => this.#apply(batch, rows),',
        put: `attempt: (rows) => this.#apply(batch, rows).catch((error: Error) => {
        throw new BreakerOpenError(error.message);
      }),`,
      },
    ],
    test: { file: oneCustomer, name: 'an apply that the product store refuses' },
  },
  {
    name: 'the halves that share no customer',
    edits: [
      {
        file: 'src/worker/bisect-batch.ts',
        find: '  if (customers.length > 1) {',
        put: '  if (customers.length > 1_000_000) {',
      },
    ],
    test: { file: isolation, name: 'are found without ever cutting a customer' },
  },
  {
    name: 'the skipping of locked rows at a claim',
    edits: [withoutSkipping()],
    test: {
      file: postgresql,
      name: 'somebody has locked a row of IF_BNET_CUST a claim moves all other rows',
    },
  },
  {
    name: 'the skipping of locked rows at a mark',
    edits: [withoutSkipping()],
    test: {
      file: postgresql,
      name: 'somebody has locked a row of IF_BNET_CUST marks of all other rows land',
    },
  },
  {
    name: 'the skipping of rows with a locked attribute row',
    edits: [
      {
        file: 'src/middle/knex/change-rows.ts',
        find: '(free.get(no) ?? 0) < count ? [no] : []',
        put: '(free.get(no) ?? 0) < 0 ? [no] : []',
      },
    ],
    test: {
      file: postgresql,
      name: 'somebody has locked an attribute row of it a claim moves all other rows',
    },
  },
  {
    name: 'the skipping of locked rows, on Oracle',
    edits: [
      {
        file: 'src/middle/oracle/statements.ts',
        find: 'sql: `${query.sql}\\nFOR UPDATE OF t.State SKIP LOCKED`',
        put: 'sql: `${query.sql}\\nFOR UPDATE OF t.State`',
      },
    ],
    test: { file: oracle, name: 'somebody has locked a row of IF_BNET_CUST a claim moves all other rows' },
  },
  {
    name: 'the marks of successes apart from those of failures',
    edits: [{ file: markStage, find: 'if (failing.size === 0)', put: 'if (failing.size >= 0)' }],
    test: { file: oneCustomer, name: 'is in no statement with the successes' },
  },
  {
    name: 'the shorter texts for a narrow ErrContent',
    edits: [
      {
        file: markStage,
        find: 'of shorterTexts(source, text, error.room))',
        put: 'of shorterTexts(source, text, error.room).slice(99))',
      },
    ],
    test: { file: oneCustomer, name: 'is shortened down to what fits' },
  },
  {
    name: 'the deferral in the store, for a worker that takes over',
    edits: [
      {
        file: 'src/worker/deferrals.ts',
        find: "await this.#health.track('store', () => this.#store().put(put));",
        put: '',
      },
    ],
    test: { file: oneCustomer, name: 'is known to a worker that takes over' },
  },
  {
    name: 'the reading of deferrals with the leases',
    edits: [
      {
        file: 'src/worker/lease-keeper.ts',
        find: 'deferrals.load(snapshot.deferrals, ',
        put: 'deferrals.load([], ',
      },
    ],
    test: { file: oneCustomer, name: 'is known to a worker that takes over' },
  },
  {
    name: 'the customer that is left out of the polls',
    edits: [{ file: 'src/worker/deferrals.ts', find: 'if (until > now) excluded.add(custId);', put: ';' }],
    test: { file: 'test/unit/worker/deferrals.test.ts', name: 'keeps its customer out of the polls' },
  },
  {
    name: 'the end of the batch at a row of the customer that is not in State 1',
    edits: [
      { file: 'src/worker/batch.ts', find: 'if (changedSinceClaim.has(polled.custId)) continue;', put: '' },
    ],
    test: {
      file: 'test/unit/worker/batch.test.ts',
      name: 'with the later rows of its customer, and no others',
    },
  },
  {
    name: 'the end of a customer’s marks at a refused one',
    edits: [{ file: 'src/worker/bisect-batch.ts', find: 'this.#stopped.add(custIdOf(row));', put: '' }],
    test: { file: oneCustomer, name: 'leaves the later rows of its customer unmarked' },
  },
  {
    name: 'the end of a customer’s marks at one that was undone, or locked',
    edits: [
      {
        file: 'src/worker/bisect-batch.ts',
        find: 'for (const custId of this.#steps.stoppedBy(result)) this.#stopped.add(custId);',
        put: '',
      },
    ],
    test: { file: isolation, name: 'has no further row put through' },
  },
  {
    name: 'the marks behind a locked row that are held back',
    edits: [{ file: 'src/middle/changes.ts', find: 'chosen: beforeLocked }', put: 'chosen: notLocked }' }],
    test: { file: postgresql, name: 'of its customer the marks before the row land' },
  },
  {
    name: 'the breaker of each stage',
    edits: [
      {
        file: 'src/worker/circuit-breaker.ts',
        find: 'this.mark = new CircuitBreaker(threshold);',
        put: 'this.mark = this.claim;',
      },
    ],
    test: { file: 'test/unit/worker/circuit-breaker.test.ts', name: 'count each for itself' },
  },
  {
    name: 'the customers that are tried before the breaker opens',
    edits: [
      {
        file: 'src/worker/bisect-batch.ts',
        find: 'breaker.wouldOpen(idOf(row)) && (await this.#anotherGoesThrough())',
        put: 'breaker.threshold < 0',
      },
    ],
    test: { file: isolation, name: 'twelve refused rows in succession' },
  },
  {
    name: 'the refusal of a row with too many attribute rows',
    edits: [
      {
        file: 'src/worker/batch.ts',
        find: 'Math.max(polled.attributes, row.attributes.length) <= maxAttributes',
        put: 'maxAttributes >= 0',
      },
    ],
    test: { file: oneCustomer, name: 'more attribute rows than there may be' },
  },
  {
    name: 'the attribute rows that stay as they are where there are too many',
    edits: [
      {
        file: 'src/middle/changes.ts',
        find: 'attributesStay: attributes > maxAttributes',
        put: 'attributesStay: attributes < 0',
      },
    ],
    test: { file: 'test/conformance/middle-sqlite.test.ts', name: 'a claim moves the row alone' },
  },
  {
    name: 'the attribute rows that are not read where there are too many',
    edits: [
      {
        file: 'src/middle/changes.ts',
        find: 'keys.filter(({ attributes }) => attributes > maxAttributes)',
        put: 'keys.filter(({ attributes }) => attributes < 0)',
      },
    ],
    test: { file: 'test/conformance/middle-sqlite.test.ts', name: 'a claim moves the row alone' },
  },
  {
    name: 'the answer to a superseded attempt',
    edits: [{ file: 'src/domain/journal.ts', find: 'if (same || superseded || (', put: 'if (same || (' }],
    test: { file: 'test/unit/domain/journal.test.ts', name: 'where a later attempt superseded it' },
  },
];

/** Locked rows are told like any error: the whole statement is. */
function withoutSkipping(): Guard['edits'][number] {
  return {
    file: 'src/middle/knex/change-rows.ts',
    find: 'if (rowLocks === undefined || ',
    put: 'if (rowLocks !== undefined || ',
  };
}
