import type { Edit } from '../../guards/guards.js';

/** Mechanisms of the protocol model, edited out of the code, that are no guards of their own in test/guards. */
export const protocolEdits: readonly { readonly name: string; readonly edits: readonly Edit[] }[] = [
  {
    name: 'the answer to a row in State 1 with a superseded attempt',
    edits: [
      {
        file: 'src/domain/decide-batch.ts',
        find: '    const digest = row.refusal === undefined',
        put: `    if (entriesOf.get(id)?.some(({ superseded, attempt }) => superseded && attempt === row.attempt)) continue;
    const digest = row.refusal === undefined`,
      },
    ],
  },
  {
    name: 'the CustID that is compared after the claim',
    edits: [{ file: 'src/worker/batch.ts', find: ' || row.custId !== polled.custId', put: '' }],
  },
  {
    name: 'the settling that counts from the first sight',
    edits: [{ file: 'src/domain/settling.ts', find: 'Math.min(seenForMs(row), ageMs)', put: 'ageMs' }],
  },
  {
    name: 'the wait that counts from the first sight',
    edits: [
      {
        file: 'src/domain/waiting.ts',
        find: 'return Math.min(rowAgeMs(createDate, now), seenForMs);',
        put: 'return rowAgeMs(createDate, now) + 0 * seenForMs;',
      },
      { file: 'src/domain/waiting.ts', find: ' && seenMs >= graceMs', put: '' },
    ],
  },
  {
    name: 'the end of a deferral',
    edits: [
      {
        file: 'src/worker/deferrals.ts',
        find: 'if (until > now) excluded.add(custId);',
        put: 'if (until > 0) excluded.add(custId);',
      },
    ],
  },
  {
    name: 'the end of a deferral that another process wrote',
    edits: [
      {
        file: 'src/worker/deferrals.ts',
        find: 'until: this.#clock.now() + remainingMs }',
        put: 'until: Infinity + remainingMs }',
      },
    ],
  },
  {
    name: 'the note that is taken back where the process lives on',
    edits: [{ file: 'src/worker/crash-quarantine.ts', find: 'this.#owed.add(row);', put: '' }],
  },
  {
    name: 'the comparison after the poll',
    edits: [
      {
        file: 'src/worker/claim-batch.ts',
        find: '  const { polledBatch, waits, gone } = await poll(',
        put: `  const compared = uncompared.length === 0 ? [] : await guard.compare(uncompared);
  const { polledBatch, waits, gone } = await poll(`,
      },
      {
        file: 'src/worker/claim-batch.ts',
        find: '  const compared = uncompared.length === 0 ? [] : await guard.compare(uncompared);\n  const nothing',
        put: '  const nothing',
      },
    ],
  },
];
