import { CheckerModel } from './checker-model.js';
import { emptyContent } from './observations.js';
import type {
  Content,
  Decision,
  Observations,
  FinalAttribute,
  FinalEntry,
  FinalRow,
  HandlerLine,
  PlatformRow,
  StateChange,
  Table,
} from './observations.js';

/* A history without faults, small enough to be corrupted by hand. */

type Writable<T> = {
  -readonly [Key in keyof T]: T[Key] extends readonly (infer Part)[] ? Writable<Part>[] : T[Key];
};

/** Observations that a test may change. */
export type SmallHistory = Writable<Observations>;

const start = Date.parse('2026-11-22T00:00:00Z');
const rules = {
  onDuplicateOpen: 'refuse',
  onDuplicateBind: 'refuse',
  onCancelWithUsers: 'refuse',
  attributes: 'merge',
  userLimitAttrSpecId: null,
} as const;

interface Step {
  readonly source: Table;
  readonly no: string;
  readonly second: number;
  readonly content: Partial<Content>;
  readonly code?: string;
  readonly text?: string;
}

const steps: Step[] = [
  { source: 'CUST', no: '1', second: 0, content: { opFlag: '0101', custAccount: 'a', custName: '企业' } },
  {
    source: 'ACCOUNT',
    no: '2',
    second: 1,
    content: { opFlag: '0201', userId: 'u', accType: '1', accName: '张三' },
  },
  {
    source: 'CUST',
    no: '3',
    second: 2,
    content: { opFlag: '0101', custAccount: 'a' },
    code: '00401',
    text: '00401 关键数据项不能为空: CustName',
  },
  {
    source: 'CUST',
    no: '4',
    second: 3,
    content: { opFlag: '0103' },
    code: '00405',
    text: '00405 有用户未解绑',
  },
  { source: 'ACCOUNT', no: '5', second: 4, content: { opFlag: '0203', userId: 'u' } },
];

/** Five rows of one customer, each decided ten seconds after the one before. */
export function smallHistory(): SmallHistory {
  const history = {
    rows: [],
    changes: [],
    decisions: [],
    lines: [],
    finalRows: [],
    finalAttributes: [],
    journal: [],
  } as {
    rows: PlatformRow[];
    changes: StateChange[];
    decisions: Decision[];
    lines: HandlerLine[];
    finalRows: FinalRow[];
    finalAttributes: FinalAttribute[];
    journal: FinalEntry[];
  };
  const model = new CheckerModel(rules);
  steps.forEach((step, index) => {
    const row = rowOf(step);
    history.rows.push(row);
    const content = row.versions[0];
    if (step.code === undefined && content !== undefined) model.judge(row, content, true);
    play(history, step, index);
    for (const { attrId } of row.attributes)
      history.finalAttributes.push({ ...keyOf(step), attrId, ...ending(step, index) });
  });
  return {
    settings: { settleMs: 1000, dependencyGraceMs: 3000, maxAttempts: 3, shards: 8, rules },
    ...history,
    troubles: [],
    // The last row is decided after fifty seconds: nothing is to be said about that.
    disturbances: [{ what: 'restart', from: start, until: start + 10_000 }],
    leases: [{ seq: 0, shard: 7, owner: 'w1', at: start }],
    stored: model.stored(),
    poisonCalls: new Map(),
  } as unknown as SmallHistory;
}

function rowOf(step: Step): PlatformRow {
  const createdAt = start + step.second * 1000;
  const content = { ...emptyContent, productId: '1', custId: '7', bizId: 'b', ...step.content };
  const attributes = step.no === '1' ? [{ attrId: '11', attrSpecId: '5', attrValue: 'x' }] : [];
  return {
    ...keyOf(step),
    createDate: textOf(createdAt),
    createdAt,
    committedAt: createdAt + 500,
    versions: [content],
    attributes,
    formCode: step.code === '00401' ? '00401' : null,
    mark: 'none',
    planted: null,
  };
}

function play(
  history: {
    changes: StateChange[];
    decisions: Decision[];
    lines: HandlerLine[];
    finalRows: FinalRow[];
    journal: FinalEntry[];
  },
  step: Step,
  index: number,
): void {
  const key = keyOf(step);
  const at = start + 10_000 * (index + 1);
  const attempt = textOf(at);
  const errContent = step.text ?? null;
  const outcome = step.code === undefined ? 'applied' : 'failed';
  const change = { ...key, errContent: null, remark: 'v0', dateBefore: attempt, dateAfter: attempt };
  const end = ending(step, index);
  history.changes.push(
    {
      ...change,
      seq: 3 * index,
      xid: `i${index}`,
      actor: 'platform',
      from: null,
      to: 0,
      dateBefore: null,
      dateAfter: null,
      at: start + step.second * 1000,
    },
    {
      ...change,
      seq: 3 * index + 1,
      xid: `c${index}`,
      actor: 'bnet-sync worker',
      from: 0,
      to: 1,
      dateBefore: null,
      at,
    },
    {
      ...change,
      seq: 3 * index + 2,
      xid: `m${index}`,
      actor: 'bnet-sync worker',
      from: 1,
      to: end.state,
      dateAfter: end.stateDate,
      errContent,
      at: at + 200,
    },
  );
  const xid = `x${index}`;
  const decision = { ...key, xid, attempt, outcome, code: step.code ?? null, errContent } as const;
  history.decisions.push({
    ...decision,
    seq: 10 * index + 5,
    worker: 'w1',
    decidedAt: at + 100,
    at: at + 100,
  });
  if (outcome === 'applied') history.lines.push({ ...key, seq: 10 * index + 4, xid });
  history.journal.push({ ...key, attempt, superseded: false, outcome, errContent });
  history.finalRows.push({ ...key, ...end, errContent });
}

function ending(step: Step, index: number): { state: number; stateDate: string } {
  return { state: step.code === undefined ? 2 : 3, stateDate: textOf(start + 10_000 * (index + 1) + 1000) };
}

function keyOf({ source, no }: Step): { source: Table; streamingNo: string } {
  return { source, streamingNo: no };
}

/** As a date column shows it. */
export function textOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');
}
