import { expect, it } from 'vitest';
import { State } from '../../../../src/domain/states.js';
import { nothingPaused } from '../../../../src/middle/port.js';
import { claimedStatement, latestStatement } from '../../../../src/middle/oracle/finished-rows.js';
import {
  createdAheadStatement,
  oldestPendingStatement,
  otherStatesStatement,
  straysStatement,
} from '../../../../src/middle/oracle/irregular.js';
import { pollStatement } from '../../../../src/middle/oracle/poll.js';
import {
  countStatement,
  customerStatement,
  failedCountsStatement,
  failedStatement,
  processingStatement,
} from '../../../../src/middle/oracle/search-statements.js';
import {
  followStatement,
  attributesStatement,
  claimStatement,
  lockableStatement,
  lockAttributesStatement,
  lockStatement,
  markStatement,
  mayBeClaimed,
  requeueStatement,
  rowsStatement,
  standingStatement,
} from '../../../../src/middle/oracle/statements.js';

const tables = { schema: 'ISMP', productIds: ['323002000'], markAttributes: true, maxAttributes: 10_000 };
const poll = {
  limit: 1000,
  settleMs: 2000,
  shards: { count: 64, held: 'all' },
  paused: nothingPaused,
  waits: [],
} as const;

/** The condition of a mark. */
const inProcess = `t.State = ${State.Processing}`;
const twoOf64 = { count: 64, of: [1, 2] };
const failed = { source: 'CUST', filter: {}, limit: 51, scan: 2000 } as const;
const filter = { code: '00401', productId: '42', custId: '1', opFlag: '0101', text: 'x' };
const below = { streamingNo: '1141', orEqual: false };
const dated = { kind: 'dated', before: null, since: null } as const;

const statements: readonly (readonly [comment: string, sql: string])[] = [
  [
    `The poll: the head of both tables, States 0 and 1, in one snapshot. \`:excluded1\` holds the customers in flight,
\`,990947809,990947810,\`: texts of at most 4000 bytes, one or more as they are needed.`,
    pollStatement(tables, { ...poll, excluded: ['990947809'] }).sql,
  ],
  [
    `The claim first locks the rows of a page that nobody else has locked, then their attribute rows, where there are
any: it waits for nobody. Numbers come in lists of 1, 10, 50, 100, 200, 500 or 1000.`,
    lockStatement(tables, { source: 'CUST', streamingNos: ['1'], where: mayBeClaimed }).sql,
  ],
  ['', lockAttributesStatement(tables, 'CUST', ['1']).sql],
  [
    'Only where fewer were locked than asked for: which of them are there all the same.',
    lockableStatement(tables, { source: 'CUST', streamingNos: ['1'], where: mayBeClaimed }).sql,
  ],
  [
    'Then it changes them, as a batch, one round trip for all rows of a page; then their attribute rows, and COMMIT.',
    claimStatement(tables, 'CUST', []).sql,
  ],
  ['', followStatement(tables, 'CUST', [State.Processing], []).sql],
  ['What was claimed is read, with the attribute rows.', rowsStatement(tables, 'CUST', ['1']).sql],
  ['', attributesStatement(tables, 'CUST', ['1']).sql],
  [
    'The marks: the locks in the same way, rows and attribute rows.',
    lockStatement(tables, { source: 'CUST', streamingNos: ['1'], where: inProcess }).sql,
  ],
  [
    'Then the rows, as a batch; then their attribute rows, and COMMIT.',
    markStatement(tables, 'CUST', []).sql,
  ],
  ['', followStatement(tables, 'CUST', [State.Succeeded, State.Failed], []).sql],
  ['Only where a mark changed no row: how the row stands.', standingStatement(tables, 'CUST', ['1']).sql],
  [
    `Before a worker decides rows of customers that it has taken over: rows in State 1 from before, and the rows finished last,
the end of the poll's index for State 2; once more for those without a CreateDate.`,
    claimedStatement(tables, { shards: twoOf64, until: '', limit: 1000 }, 'CUST').sql,
  ],
  [
    '',
    latestStatement(tables, { shards: twoOf64, after: '', scan: 20_000, limit: 1000 }, 'CUST', 'present').sql,
  ],
  ['"bnet-sync requeue".', requeueStatement(tables, 'CUST', { streamingNos: [] }).sql],
  [
    'With --matching: only rows that failed until the action began.',
    requeueStatement(tables, 'CUST', { streamingNos: [], failedUntil: '' }).sql,
  ],
  [
    `Failed rows, for the console and "bnet-sync failed", in up to three ranges of the index of failed rows: the rest of
those that failed at one moment, those before, those without a StateDate. At most \`:scan\` rows are read of each.`,
    failedStatement(tables, { ...failed, stretch: { kind: 'moment', stateDate: '', below } }).sql,
  ],
  ['', failedStatement(tables, { ...failed, filter, stretch: dated }).sql],
  ['', failedStatement(tables, { ...failed, stretch: { kind: 'undated', below: null } }).sql],
  [
    'Failures by code, among those that failed last.',
    failedCountsStatement(tables, { ...failed, stretch: dated }).sql,
  ],
  ['Rows by table and State, counted up to a limit.', countStatement(tables, 10_000).sql],
  [
    'How long the oldest pending row has waited, and which are ahead of the clock; the latter also by a worker, once in ten minutes.',
    oldestPendingStatement(tables).sql,
  ],
  ['', createdAheadStatement(tables).sql],
  ['Rows in a State that no worker takes.', otherStatesStatement(tables, 5).sql],
  [
    'Attribute rows that came after their row was taken, or belong to none.',
    straysStatement(tables, { scan: 1000, examples: 5 }).sql,
  ],
  [
    'Rows in State 1, those that have been there longest first.',
    processingStatement(tables, 'CUST', 100).sql,
  ],
  [
    'Rows of a customer, those with a CreateDate first.',
    customerStatement(tables, 'CUST', { custId: '', limit: 100, dated: true }).sql,
  ],
];

it('the statements that DBAs are shown are those that are sent', async () => {
  const head = `-- What bnet-sync sends to Oracle, for a DBA to read and to EXPLAIN. Those about IF_BNET_CUST are shown, for middle.schema
-- ISMP and one product; those about IF_BNET_ACCOUNT differ in names alone. This file is written by a test:
-- npx vitest run test/unit/middle -u
`;
  const text = statements.map(([comment, sql]) => `${comment.replaceAll(/^(?=.)/gm, '-- ')}\n${sql};\n`);
  await expect([head, ...text].join('\n').replaceAll('\n\n\n', '\n\n')).toMatchFileSnapshot(
    '../../../../sql/oracle/statements.sql',
  );
});
