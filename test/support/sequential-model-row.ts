/*
 * The rows of the sequential model, and when their form alone is wrong.
 */

/** An attribute row of a model row. */
export interface ModelAttribute {
  readonly attrId: string | null;
  readonly attrSpecId: string | null;
  readonly attrValue: string | null;
}

/** A row as the platform wrote it; every value is text, as in an `InterfaceRow`. */
export interface ModelRow {
  readonly source: 'CUST' | 'ACCOUNT';
  readonly streamingNo: string;
  readonly productId: string | null;
  readonly bizId: string | null;
  readonly areaCode: string | null;
  readonly custId: string | null;
  readonly custAccount: string | null;
  readonly custName: string | null;
  readonly userId: string | null;
  readonly accType: string | null;
  readonly accName: string | null;
  readonly opFlag: string | null;
  readonly attributes: readonly ModelAttribute[];
}

/** The code with which a row is refused for its form alone; null: its form is right. */
export function formatFault(row: ModelRow): string | null {
  if (given(row.opFlag) === null) return '00401';
  const flags = row.source === 'CUST' ? ['0101', '0102', '0103'] : ['0201', '0202', '0203'];
  if (!flags.includes(row.opFlag ?? '')) return '00403';

  const needed = [row.streamingNo, row.productId, row.custId, row.bizId];
  if (row.opFlag === '0101') needed.push(row.custAccount, row.custName);
  if (row.source === 'ACCOUNT') needed.push(row.userId);
  if (row.opFlag === '0201') needed.push(row.accType, row.accName);
  for (const attribute of row.attributes) needed.push(attribute.attrSpecId);
  if (needed.some((value) => given(value) === null)) return '00401';

  const numbers = [row.streamingNo, row.productId, row.custId];
  for (const attribute of row.attributes) numbers.push(attribute.attrSpecId ?? '', attribute.attrId ?? '');
  if (numbers.some((value) => given(value) !== null && !isNumber30(value ?? ''))) return '00403';

  if (isBadText(given(row.bizId), 20) || isBadText(given(row.areaCode), 5)) return '00403';
  if (row.source === 'CUST') {
    if (isBadText(given(row.custAccount), 100) || isBadText(given(row.custName), 128)) return '00403';
  } else {
    if (isBadText(given(row.userId), 100) || isBadText(given(row.accName), 100)) return '00403';
  }
  if (row.attributes.some(({ attrValue }) => isBadText(attrValue, 100))) return '00403';

  if (row.source === 'ACCOUNT' && given(row.accType) !== null && row.accType !== '1' && row.accType !== '2') {
    return '00403';
  }
  return null;
}

/** A blank value is no value. */
export function given(value: string | null): string | null {
  return value === null || value.trim() === '' ? null : value;
}

function isNumber30(value: string): boolean {
  return /^-?[0-9]{1,30}$/.test(value) && String(BigInt(value)) === value;
}

/** Characters are counted, not bytes and not UTF-16 code units. */
function isBadText(value: string | null, most: number): boolean {
  return value !== null && (value.includes('\u0000') || Array.from(value).length > most);
}
