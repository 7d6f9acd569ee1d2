import type { ColumnType, Value } from '../../database/dialects/dialect.js';
import type { RowKey, Source } from '../../domain/keys.js';
import type { Cell, InterfaceRow } from '../../domain/rows.js';
import type { BadRow } from './bad-row.js';

/** An attribute that comes with a message. */
export interface MessageAttribute {
  readonly attrSpecId: Cell;
  readonly attrValue: Cell;
  /** CustAttrID or AccAttrID; absent: the platform's next number. */
  readonly attrId?: string;
}

/** The columns of a message that its sender fills in: all but the numbers, the dates and the processing state. */
export type Content = Omit<InterfaceRow, keyof RowKey | 'createDate' | 'state' | 'stateDate' | 'attributes'>;

/** What the platform sends as one row of IF_BNET_CUST or IF_BNET_ACCOUNT with its attribute rows. */
export interface Message extends Content {
  readonly source: Source;
  readonly attributes: readonly MessageAttribute[];
  readonly remark: string;
  /** What is wrong with it on purpose; replaces the remark. */
  readonly fault?: BadRow;
  /** Absent: the platform's next number. */
  readonly streamingNo?: string;
  /** `YYYY-MM-DD HH:MM:SS`, or null for none; absent: the database's clock. */
  readonly createDate?: string | null;
}

interface ContentColumn {
  readonly field: keyof Content;
  /** The specification's name of the column (5.2.2.1, 5.2.2.3). */
  readonly column: string;
  readonly type: ColumnType;
}

const commonColumns: readonly ContentColumn[] = [
  { field: 'productId', column: 'ProductID', type: 'number' },
  { field: 'bizId', column: 'BizID', type: 'text' },
  { field: 'areaCode', column: 'AreaCode', type: 'text' },
  { field: 'custId', column: 'CustID', type: 'number' },
  { field: 'opFlag', column: 'OPFlag', type: 'text' },
];

/** The columns of each main table that hold a message's content. */
export const contentColumns: Readonly<Record<Source, readonly ContentColumn[]>> = {
  CUST: [
    ...commonColumns,
    { field: 'custAccount', column: 'CustAccount', type: 'text' },
    { field: 'custName', column: 'CustName', type: 'text' },
  ],
  ACCOUNT: [
    ...commonColumns,
    { field: 'userId', column: 'UserID', type: 'text' },
    { field: 'accType', column: 'AccType', type: 'integer' },
    { field: 'accName', column: 'AccName', type: 'text' },
  ],
};

/** The id column of each attribute table. */
export const attributeIdColumn: Readonly<Record<Source, string>> = {
  CUST: 'CustAttrID',
  ACCOUNT: 'AccAttrID',
};

/** A message's content in the order of `contentColumns`. */
export function contentValues(message: Message): Value[] {
  return contentColumns[message.source].map(({ field }) => message[field]);
}
