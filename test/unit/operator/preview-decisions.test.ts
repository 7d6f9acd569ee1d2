import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowDigest } from '../../../src/domain/digest.js';
import type { JournalEntry } from '../../../src/domain/journal.js';
import { compareRows, oncePerKey, rowId } from '../../../src/domain/keys.js';
import type { InterfaceRow, PolledRow } from '../../../src/domain/rows.js';
import type { Rules } from '../../../src/domain/rules.js';
import { State } from '../../../src/domain/states.js';
import { planBatch, productKey, userKey, type Seen } from '../../../src/domain/waiting.js';
import { preview } from '../../../src/operator/preview.js';
import { applyBatch } from '../../../src/worker/apply-batch.js';
import { acceptClaimed } from '../../../src/worker/batch.js';
import { handlerUse } from '../../../src/worker/call-handler.js';
import {
  accountOperation,
  accountRow,
  attributeRow,
  customerOperation,
  customerRow,
  everyRules,
  identity,
  previewSettings,
} from '../../support/builders.js';
import type { StoreTables } from '../../simulation/store/tables.js';
import {
  applyInMemory,
  contentsOf,
  decideBatch,
  memoryStore,
  plantEntries,
} from '../../support/memory-store.js';
import { middleDatabase, middleOperations, storeOperations } from '../../support/operations.js';

/*
 * The preview against the worker: the same rows, journal and store are decided by both. The worker's part is its own code
 * but for the databases: plan, comparison after the claim, `applyBatch`, poll after poll until nothing is left but rows
 * that wait.
 */

const at = '2026-11-20T00:01:00.000Z';
const now = '2026-11-20 08:01:00';
const dependencyGraceMs = 10_000;
const maxAttributes = 1;

const earlier = '2026-11-20 07:30:00';

interface Situation {
  readonly rows: readonly InterfaceRow[];
  readonly journal: readonly JournalEntry[];
  /** How many of the operations below the store has seen. */
  readonly stored: number;
  readonly rules: Rules;
}

const storedOperations = [
  customerOperation('0101', { streamingNo: '1' }),
  accountOperation('0201', { streamingNo: '2', userId: 'li' }),
  customerOperation('0103', { streamingNo: '3' }),
];

const generated = fc.record({
  opFlag: fc.constantFrom('0101', '0101', '0102', '0103', '0201', '0201', '0202', '0203', '9999'),
  custId: fc.constantFrom(identity.custId, identity.custId, '7', null),
  bizId: fc.constantFrom('B-1', 'B-1', 'B-2'),
  userId: fc.constantFrom('li', 'wang'),
  custName: fc.constantFrom('name', 'name', null),
  createDate: fc.constantFrom(null, '2026-11-20 07:00:00', '2026-11-20 08:00:55', '2026-11-20 08:00:58'),
  attributes: fc.constantFrom(0, 0, 1, 2),
  stateDate: fc.constantFrom(null, '2026-11-20 07:59:00'),
  state: fc.constantFrom(State.Initial, State.Initial, State.Processing),
  /** The State of another row with the same key. */
  duplicate: fc.constantFrom(null, null, null, null, ...Object.values(State)),
  journal: fc.constantFrom('none', 'none', 'none', 'own', 'earlier', 'otherContent', 'superseded'),
  outcome: fc.constantFrom('applied' as const, 'failed' as const),
});
type Generated = typeof generated extends fc.Arbitrary<infer Row> ? Row : never;

function rowsOf({ opFlag, custId, bizId, createDate, state, stateDate, ...row }: Generated, index: number) {
  const streamingNo = String(index + 11);
  const attributes = Array.from({ length: row.attributes }, (_, place) =>
    attributeRow({ attrId: String(place + 1), attrSpecId: '110' }),
  );
  const common = { opFlag, custId, bizId, createDate, state, stateDate, streamingNo, attributes };
  const one = opFlag.startsWith('02')
    ? accountRow({ ...common, userId: row.userId })
    : customerRow({ ...common, custName: row.custName });
  if (row.duplicate === null) return [one];
  return [one, { ...one, bizId: 'B-3', state: row.duplicate, stateDate: '2026-11-20 08:00:07' }];
}

function entriesOf(row: InterfaceRow, { journal, outcome }: Generated): JournalEntry[] {
  const { source, streamingNo } = row;
  const errContent = outcome === 'failed' ? '00404 业务逻辑执行错误' : null;
  const current = { source, streamingNo, superseded: false, outcome, errContent, digest: rowDigest(row) };
  const own = row.stateDate ?? '2026-11-20 07:59:59';
  switch (journal) {
    case 'own':
      return [{ ...current, attempt: own }];
    case 'earlier':
      return [{ ...current, attempt: earlier }];
    case 'otherContent':
      return [{ ...current, attempt: earlier, digest: 'other' }];
    case 'superseded':
      return [
        { ...current, attempt: own, superseded: true },
        { ...current, attempt: earlier },
      ];
    case 'none':
      return [];
  }
}

const situations: fc.Arbitrary<Situation> = fc
  .record({
    given: fc.array(generated, { minLength: 1, maxLength: 12, size: 'max' }),
    stored: fc.integer({ min: 0, max: 3 }),
    rules: fc.constantFrom(...everyRules('110')),
  })
  .map(({ given, stored, rules }) => {
    const parts = given.map((row, index) => ({ row, rows: rowsOf(row, index) }));
    const journal = parts.flatMap(({ row, rows: [first] }) => entriesOf(first!, row));
    return { rows: parts.flatMap(({ rows }) => rows), journal, stored, rules };
  });

function storeOf({ stored, rules, journal }: Situation): StoreTables {
  const store = memoryStore();
  const { changes } = decideBatch(store, storedOperations.slice(0, stored), { rules, at });
  store.product.write(changes, null);
  plantEntries(store, journal);
  return store;
}

function seenIn(store: StoreTables): Seen {
  const { customers, accounts } = contentsOf(store);
  return new Set([...customers.map(productKey), ...accounts.map((user) => userKey(user, user.userId))]);
}

function isPending({ state }: InterfaceRow): boolean {
  return state === State.Initial || state === State.Processing;
}

function poll(rows: readonly InterfaceRow[]): PolledRow[] {
  const polled = rows.filter(isPending).map((row) => ({
    ...row,
    state: row.state ?? State.Initial,
    attributes: row.attributes.length,
  }));
  return polled.sort(compareRows);
}

/** What is compared of a row: its outcome with the text, and whether it is one of the journal. */
type Outcomes = Map<string, readonly [outcome: string, errContent: string | null, journal: string | null]>;

/** Outcomes by row; rows that are left waiting are missing. */
async function byWorker(situation: Situation): Promise<Outcomes> {
  const store = storeOf(situation);
  const outcomes: Outcomes = new Map();
  let rows = situation.rows;
  for (;;) {
    const polled = poll(rows).filter((row) => !outcomes.has(rowId(row)));
    const attempts = store.journalTable.attempts(polled);
    const context = { seen: seenIn(store), now, graceMs: dependencyGraceMs, attempts };
    const { claim } = planBatch(polled, context);
    const requests = oncePerKey(claim).map((row) => ({ row, after: null }));
    const claimed = new Set(requests.map(({ row }) => rowId(row)));
    rows = rows.map((row) => {
      const isFree =
        row.state === State.Initial || (row.state === State.Processing && row.stateDate === null);
      return claimed.has(rowId(row)) && isFree ? { ...row, state: State.Processing, stateDate: now } : row;
    });
    const found = rows.filter((row) => claimed.has(rowId(row)));
    const accepted = acceptClaimed(requests, found, { takenOver: new Set(), maxAttributes });
    const batch = { rows: accepted.rows, leases: [], now };
    const { decided } = await applyInMemory(store, at, (transaction) =>
      applyBatch(transaction, batch, {
        rules: situation.rules,
        dependencyGraceMs,
        handling: handlerUse({}, { leaseTtlMs: 15_000, callTimeoutMs: 5000, handlerTimeoutMs: 5000 }),
        forcedRefusals: new Map(),
        maxErrored: 1,
      }),
    );
    for (const { row, outcome, errContent, alreadyJournalled, contentChanged } of decided) {
      const again = contentChanged ? 'other content' : null;
      const known = alreadyJournalled?.again === true ? 'same content' : 'decided already';
      outcomes.set(rowId(row), [outcome, errContent, alreadyJournalled === undefined ? again : known]);
    }
    if (decided.length === 0) return outcomes;
  }
}

async function byPreview(situation: Situation): Promise<Outcomes> {
  const store = storeOf(situation);
  const shown = await preview(
    {
      poller: middleDatabase({ poll: async () => ({ rows: poll(situation.rows), now }) }),
      middle: middleOperations({
        find: async (keys) =>
          situation.rows
            .filter((row) => keys.some((key) => rowId(key) === rowId(row)))
            .map((row) => ({ ...row, errContent: null, remark: null })),
      }),
      store: storeOperations({
        journal: async (attempts) => store.journalTable.read(attempts, null),
        snapshot: async (request) => store.product.snapshot(request, null),
        seen: async () => seenIn(store),
        now: async () => at,
      }),
    },
    { ...previewSettings, limit: 1000, rules: situation.rules, dependencyGraceMs, maxAttributes },
  );
  const decided = shown.filter(({ outcome }) => outcome !== 'waits');
  return new Map(
    decided.map(({ table, streamingNo, outcome, errContent, note }) => {
      const journalNote = /same content|other content|decided already/.exec(note ?? '')?.[0] ?? null;
      return [`${table}:${streamingNo}`, [outcome, errContent, journalNote]];
    }),
  );
}

describe('the preview of a batch', () => {
  it('has the outcomes of the worker that decides it, row by row', async () => {
    let [waited, decided] = [0, 0];
    await fc.assert(
      fc.asyncProperty(situations, async (situation) => {
        const expected = await byWorker(situation);
        expect(new Map([...(await byPreview(situation))].sort())).toEqual(new Map([...expected].sort()));
        decided += expected.size;
        waited += new Set(poll(situation.rows).map(rowId)).size - expected.size;
      }),
      { numRuns: 1000 },
    );
    expect([decided, waited].every((rows) => rows > 100)).toBe(true);
  });
});
