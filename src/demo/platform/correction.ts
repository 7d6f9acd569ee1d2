import type { Correction } from './bad-row.js';
import type { Message } from './message.js';

/** The corrected form of a refused message, still under its own StreamingNo. */
export function corrected(refused: Message, correction: Correction): Message {
  const specs = correction.attrSpecIds ?? {};
  const attributes = refused.attributes.map((attribute) => ({
    ...attribute,
    attrSpecId: specs[attribute.attrSpecId ?? ''] ?? attribute.attrSpecId,
  }));
  return { ...refused, ...correction.set, attributes };
}

/** The messages sent as new rows to correct a refused one: what must be done first, then the message itself. */
export function newMessages(
  refused: Message & { readonly streamingNo: string },
  correction: Correction,
): Message[] {
  const remark = `更正 ${refused.streamingNo}`;
  const first = (correction.first ?? []).map(({ opFlag, userId, attributes }): Message => ({
    source: opFlag.startsWith('01') ? 'CUST' : 'ACCOUNT',
    productId: refused.productId,
    bizId: refused.bizId,
    areaCode: refused.areaCode,
    custId: refused.custId,
    custAccount: null,
    custName: null,
    userId: userId ?? null,
    accType: null,
    accName: null,
    opFlag,
    attributes: (attributes ?? []).map(([attrSpecId, attrValue]) => ({ attrSpecId, attrValue })),
    remark,
  }));
  return [...first, anew(corrected(refused, correction), remark)];
}

/** The message without the numbers and dates of the row it came from. */
function anew({ streamingNo: _, createDate: __, fault: ___, ...message }: Message, remark: string): Message {
  const attributes = message.attributes.map(({ attrSpecId, attrValue }) => ({ attrSpecId, attrValue }));
  return { ...message, attributes, remark };
}
