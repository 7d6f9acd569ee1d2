import { expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import { pollQuery } from '../../../src/middle/oracle/poll.js';
import {
  attributesBatch,
  attributesQuery,
  claimBatch,
  markBatch,
  requeueBatch,
  rowsQuery,
} from '../../../src/middle/oracle/statements.js';

const tables = { schema: 'ISMP', productIds: ['323002000'], markAttributes: true };
const poll = { limit: 1000, settleMs: 2000, shards: { count: 64, held: 'all' }, waits: [] } as const;

const statements: readonly (readonly [comment: string, sql: string])[] = [
  [
    `The poll: the head of both tables, States 0 and 1, in one snapshot. \`:excluded1\` holds the customers in hand,
\`,990947809,990947810,\`: texts of at most 4000 bytes, one or more as they are needed.`,
    pollQuery(tables, { ...poll, excluded: ['990947809'] }).sql,
  ],
  [
    'The claim, executed as a batch, one round trip for all rows of a page; then their attribute rows, and COMMIT.',
    claimBatch(tables, 'CUST', State.Initial, []).sql,
  ],
  ['', attributesBatch(tables, 'CUST', [State.Processing], []).sql],
  [
    'What was claimed is read, with the attribute rows, in lists of 1, 10, 50, 100, 200, 500 or 1000 numbers.',
    rowsQuery(tables, 'CUST', ['1']).sql,
  ],
  ['', attributesQuery(tables, 'CUST', ['1']).sql],
  [
    'The marks, executed as a batch; then their attribute rows, and COMMIT.',
    markBatch(tables, 'CUST', []).sql,
  ],
  ['', attributesBatch(tables, 'CUST', [State.Succeeded, State.Failed], []).sql],
  ['"bnet-sync requeue".', requeueBatch(tables, 'CUST', []).sql],
];

it('the statements that DBAs are shown are those that are sent', async () => {
  const head = `-- What bnet-sync sends to Oracle, for a DBA to read and to EXPLAIN. Those about IF_BNET_CUST are shown, for middle.schema
-- ISMP and one product; those about IF_BNET_ACCOUNT differ in names alone. This file is written by a test:
-- npx vitest run test/unit/middle -u
`;
  const text = statements.map(([comment, sql]) => `${comment.replaceAll(/^(?=.)/gm, '-- ')}\n${sql};\n`);
  await expect([head, ...text].join('\n').replaceAll('\n\n\n', '\n\n')).toMatchFileSnapshot(
    '../../../sql/oracle/statements.sql',
  );
});
