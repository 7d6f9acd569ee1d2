import { State } from '../domain/states.js';
import type { Count } from '../operator/contract/schema.js';

/** The specification's words for the States (5.2.2.1). */
const stateWords: Readonly<Record<number, string>> = {
  [State.Initial]: '初始状态',
  [State.Processing]: '正在处理中',
  [State.Succeeded]: '处理成功',
  [State.Failed]: '处理失败',
};

/** A State with its meaning: `3 处理失败`. */
export function stateText(state: number | null): string {
  return state === null ? '' : `${state} ${stateWords[state] ?? ''}`.trimEnd();
}

const operationWords: Readonly<Record<string, string>> = {
  '0101': '客户新增',
  '0102': '客户变更',
  '0103': '客户退订',
  '0201': '用户新增',
  '0202': '用户变更',
  '0203': '用户退订',
};

/** An OPFlag with its meaning: `0101 客户新增`. */
export function operationText(opFlag: string | null): string {
  return opFlag === null ? '' : `${opFlag} ${operationWords[opFlag] ?? ''}`.trimEnd();
}

/** A table's name in lists, as commands take it too: CUST or ACCOUNT. */
export function shortTableName(table: string): string {
  return table.replace(/^IF_BNET_/, '');
}

/** A count: `10000+` where counting stopped. */
export function countText({ rows, atLeast }: Count): string {
  return `${rows}${atLeast ? '+' : ''}`;
}

/** A number of things: `1 row`, `2 rows`. */
export function quantity(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
