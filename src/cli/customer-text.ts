import type { Account } from '../domain/customer.js';
import type { RelatedRow, RowDetails } from '../operator/contract/rows.js';
import { tableLines, shown } from './output.js';
import { shortTableName, stateText } from './labels.js';

/** A row's customer as the product store holds it. */
export function recordLines(records: RowDetails['records']): string[] {
  if (records.length === 0) return ['Product store: nothing of this customer.'];
  return [
    'Product store:',
    ...records.flatMap(({ customer, users, more }) => [
      `  ProductID ${customer.productId}, BizID ${shown(customer.bizId)}: ${customer.status}, ${shown(customer.custName)}`,
      ...users.map(userLine),
      ...(more ? ['    and more users'] : []),
    ]),
  ];
}

function userLine({ userId, status, accName }: Account): string {
  return `    user ${shown(userId)}: ${status}, ${shown(accName)}`;
}

const placeText: Readonly<Record<RelatedRow['place'], string>> = { before: '', this: '→', after: '' };

/** The customer's other rows, in its order. */
export function relatedRowLines(relatedRows: readonly RelatedRow[]): string[] {
  if (relatedRows.every(({ place }) => place === 'this')) return ['No other row of this customer.'];
  const list = tableLines(relatedRows, [
    { head: '', of: (row) => placeText[row.place] },
    { head: 'Table', of: (row) => shortTableName(row.table) },
    { head: 'StreamingNo', of: (row) => row.streamingNo },
    { head: 'OPFlag', of: (row) => row.opFlag },
    { head: 'ProductID', optional: true, of: (row) => row.productId },
    { head: 'UserID', shorten: 14, optional: true, of: (row) => row.userId },
    { head: 'CreateDate', of: (row) => row.createDate },
    { head: 'State', of: (row) => (row.state === null ? 'gone' : stateText(row.state)) },
    { head: 'Decided', optional: true, of: (row) => row.decidedAt },
    { head: 'ErrContent', shorten: 14, optional: true, of: (row) => row.errContent },
  ]);
  return ['Rows of this customer, in order:', ...list];
}
