import { hash } from 'node:crypto';
import type { InterfaceRow } from './rows.js';

/**
 * A digest of a row's business columns and attributes: what it asks for, without State, StateDate, ErrContent, Remark
 * and CreateDate. Two attempts of one row with the same digest ask for the same thing.
 */
export function rowDigest(row: InterfaceRow): string {
  const content = [
    row.opFlag,
    row.productId,
    row.bizId,
    row.areaCode,
    row.custId,
    row.custAccount,
    row.custName,
    row.userId,
    row.accType,
    row.accName,
  ];
  for (const { attrId, attrSpecId, attrValue } of row.attributes) content.push(attrId, attrSpecId, attrValue);
  return hash('sha256', JSON.stringify(content), 'base64url');
}
