import type { Difference } from '../../operator/contract/checks.js';
import { shown } from '../output.js';

/** A difference in a line, without its customer. */
export function differenceText(difference: Difference): string {
  return difference.what === 'row'
    ? rowText(difference)
    : `${placeOf(difference)}: ${recordText(difference)}`;
}

function placeOf({ productId, bizId, userId }: Difference): string {
  const user = userId === null ? '' : `, user ${shown(userId)}`;
  return `ProductID ${shown(productId)}, BizID ${shown(bizId)}${user}`;
}

function recordText(difference: Difference): string {
  const { kind, what, field, expected, found } = difference;
  if (what === 'attribute') return attributeText(difference);
  if (kind === 'missing') return `missing, should be ${shown(expected)}`;
  if (kind === 'surplus') return `surplus (${shown(found)}): no finished row leads to it`;
  return `${field ?? ''} is ${value(found)}, should be ${value(expected)}`;
}

function attributeText({ kind, attrSpecId, attrId, expected, found }: Difference): string {
  const name = `attribute ${shown(attrSpecId)}${attrId === null ? '' : ` (id ${shown(attrId)})`}`;
  if (kind === 'missing') return `${name} is missing, should be ${value(expected)}`;
  if (kind === 'surplus') return `${name} is surplus, ${value(found)}`;
  return `${name} is ${value(found)}, should be ${value(expected)}`;
}

function rowText(difference: Difference): string {
  const { kind, table, streamingNo, laterTable, laterStreamingNo, expected, found } = difference;
  const journal = shown(found);
  const words: Readonly<Record<string, string>> = {
    notInJournal: 'in State 2, but not in the journal',
    refusedInJournal: `in State 2, but refused by the journal: ${journal}`,
    changedSince: 'in State 2 with other content than was applied',
    appliedInJournal: `in State ${shown(expected)}, but applied by the journal`,
    impossible: `in State 2, but could not have taken effect: ${journal}`,
    outOfOrder: `took effect after ${laterTable ?? ''} ${shown(laterStreamingNo)}, should have before it`,
  };
  return `${table ?? ''} ${shown(streamingNo)}: ${words[kind] ?? kind}`;
}

function value(text: string | null): string {
  return text === null ? 'NULL' : `"${shown(text)}"`;
}
