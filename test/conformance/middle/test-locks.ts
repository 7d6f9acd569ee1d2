import type { Source } from '../../../src/domain/keys.js';

/** Rows of a table that somebody locks, or attribute rows, without waiting for anything. */
export interface TestLock {
  /** The statement that does it. */
  readonly sql: string;
  readonly source: Source;
  readonly locks: 'rows' | 'attribute rows';
  /** StreamingNo of the row, or id of the attribute row; null: all. */
  readonly number: string | null;
}

/** Where rows may be locked: row 2, or attribute row 22, of each table. */
export const testLocks: readonly (readonly [what: string, lock: TestLock])[] = [
  [
    'a row of IF_BNET_CUST',
    {
      ...{ source: 'CUST', locks: 'rows', number: '2' },
      sql: 'SELECT StreamingNo FROM IF_BNET_CUST WHERE StreamingNo = 2 FOR UPDATE',
    },
  ],
  [
    'an attribute row of it',
    {
      ...{ source: 'CUST', locks: 'attribute rows', number: '22' },
      sql: `UPDATE IF_BNET_CUST_ATTR SET AttrValue = 'x' WHERE CustAttrID = 22`,
    },
  ],
  [
    'a row of IF_BNET_ACCOUNT',
    {
      ...{ source: 'ACCOUNT', locks: 'rows', number: '2' },
      sql: `UPDATE IF_BNET_ACCOUNT SET Remark = 'x' WHERE StreamingNo = 2`,
    },
  ],
  [
    'an attribute row of that',
    {
      ...{ source: 'ACCOUNT', locks: 'attribute rows', number: '22' },
      sql: 'SELECT AccAttrID FROM IF_BNET_ACCOUNT_ATTR WHERE AccAttrID = 22 FOR UPDATE',
    },
  ],
];
