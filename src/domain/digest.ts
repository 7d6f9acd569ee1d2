import { createHash } from 'node:crypto';
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
    ...row.attributes.flatMap((attribute) => [attribute.attrId, attribute.attrSpecId, attribute.attrValue]),
  ];
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url');
}
