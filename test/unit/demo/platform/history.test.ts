import { describe, expect, it } from 'vitest';
import type { Rules } from '../../../../src/domain/rules.js';
import { newMessages, corrected } from '../../../../src/demo/platform/correction.js';
import { badRowCodes, badRowKinds, type BadRowKind } from '../../../../src/demo/platform/bad-row.js';
import { history, opens, type HistoryOptions } from '../../../../src/demo/platform/history.js';
import type { Message } from '../../../../src/demo/platform/message.js';
import { specExamples, specExamplesOutcome } from '../../../../src/demo/platform/spec-examples.js';
import { defaultModelRules, runModel, type ModelRow } from '../../../support/sequential-model.js';

const userLimitAttrSpecId = '11002010000000000000';
const rules: Rules = { ...defaultModelRules, userLimitAttrSpecId };
const everyKind = Object.keys(badRowCodes) as BadRowKind[];

function optionsOf(more: Partial<HistoryOptions> = {}): HistoryOptions {
  return {
    seed: 1,
    rows: 2000,
    customers: 150,
    firstCustId: 100000000000000000000000000001n,
    badShare: 0.05,
    faults: everyKind,
    userLimitAttrSpecId,
    ...more,
  };
}

/** The messages as rows, with the numbers that the platform would give them. */
function asRows(messages: readonly Message[], firstNumber = 1): ModelRow[] {
  return messages.map((message, index) => ({
    ...message,
    streamingNo: message.streamingNo ?? String(firstNumber + index),
    attributes: message.attributes.map((attribute, position) => ({
      ...attribute,
      attrId: attribute.attrId ?? String((firstNumber + index) * 1000 + position),
    })),
  }));
}

function expectedCodes(messages: readonly Message[]): (string | null)[] {
  return messages.map(({ fault }) => fault?.code ?? null);
}

function judgedCodes(messages: readonly Message[]): (string | null)[] {
  return runModel(asRows(messages), rules).outcomes.map(({ code }) => code);
}

describe('a simulated history', () => {
  it('is repeated by its seed', () => {
    expect([...history(optionsOf())]).toEqual([...history(optionsOf())]);
    expect([...history(optionsOf({ seed: 2 }))]).not.toEqual([...history(optionsOf())]);
  });

  it('has as many messages as asked for, and never ends when asked for without end', () => {
    for (const rows of [0, 1, 7, 100]) expect([...history(optionsOf({ rows }))]).toHaveLength(rows);
    const endless = history(optionsOf({ rows: Infinity }));
    for (let index = 0; index < 5000; index += 1) expect(endless.next().done).toBe(false);
  });

  it('is legal row after row when nothing is wrong on purpose', () => {
    for (const seed of [1, 2, 3]) {
      const messages = [...history(optionsOf({ seed, rows: 1000, badShare: 0 }))];
      expect(messages.some(({ fault }) => fault !== undefined)).toBe(false);
      expect(judgedCodes(messages).filter((code) => code !== null)).toEqual([]);
    }
  });

  it('is refused exactly where something is wrong on purpose, with the code of the fault', () => {
    for (const seed of [1, 2, 3]) {
      const messages = [...history(optionsOf({ seed, rows: 1000, badShare: 0.2 }))];
      expect(judgedCodes(messages)).toEqual(expectedCodes(messages));
    }
  });

  it('has every operation, products opened again and users bound again', () => {
    const messages = [...history(optionsOf())];
    expect(new Set(messages.map(({ opFlag }) => opFlag))).toEqual(
      new Set(['0101', '0102', '0103', '0104', '0201', '0202', '0203']),
    );
    const legal = messages.filter(({ fault }) => fault === undefined);
    const opened = legal
      .filter(({ opFlag }) => opFlag === '0101')
      .map(({ custId, bizId }) => `${custId}/${bizId}`);
    expect(new Set(opened).size).toBeLessThan(opened.length);
    const bound = legal.filter(({ opFlag }) => opFlag === '0201').map(({ userId }) => userId);
    expect(new Set(bound).size).toBeLessThan(bound.length);
  });

  it('has the share of bad rows asked for, and every kind of fault', () => {
    const messages = [...history(optionsOf())];
    const faults = messages.flatMap(({ fault }) => fault ?? []);
    expect(faults.length).toBeGreaterThanOrEqual(95);
    expect(faults.length).toBeLessThanOrEqual(101);
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(everyKind));
  });

  it('has every kind of fault once before any twice', () => {
    const faults = [...history(optionsOf({ rows: 600 }))].flatMap(({ fault }) => fault ?? []);
    const first = faults.slice(0, everyKind.length).map(({ kind }) => kind);
    expect(new Set(first).size).toBe(everyKind.length);
  });

  it('is legal with the corrections of its refused rows sent after it, whatever became of their customers', () => {
    for (const seed of [1, 2, 3]) {
      const messages = [...history(optionsOf({ seed, rows: 1000, badShare: 0.2 }))];
      const rows = asRows(messages);
      const corrections = messages.flatMap((message, index) => {
        const correction = message.fault?.correction ?? null;
        if (correction === null) return [];
        const { streamingNo, attributes } = rows[index]!;
        const refused = {
          ...message,
          streamingNo,
          attributes: attributes.map((each) => ({ ...each, attrId: each.attrId! })),
        };
        return correction.how === 'put back'
          ? [corrected(refused, correction)]
          : newMessages(refused, correction);
      });
      expect(corrections.length).toBeGreaterThan(120);
      const { outcomes } = runModel([...rows, ...asRows(corrections, rows.length + 1)], rules);
      const refused = outcomes.slice(rows.length).filter(({ code }) => code !== null);
      expect(refused).toEqual([]);
    }
  });

  it('keeps all numbers as digits beyond what a double holds, and all customers asked for', () => {
    const messages = [...history(optionsOf())];
    const custIds = new Set(messages.flatMap(({ custId }) => custId ?? []));
    expect(custIds.size).toBe(150);
    expect([...custIds].every((custId) => /^1\d{29}$/.test(custId))).toBe(true);
    expect(messages.some(({ productId }) => productId?.length === 30)).toBe(true);
  });

  it('serves only the products it is given', () => {
    const messages = [...history(optionsOf({ productIds: ['7'] }))];
    expect(new Set(messages.map(({ productId }) => productId))).toEqual(new Set(['7']));
  });

  it('leaves out the faults that the tables cannot hold or the rules do not refuse', () => {
    expect(badRowKinds('better-sqlite3', rules)).toEqual(everyKind);
    expect(badRowKinds('pg', rules)).not.toContain('area-code-too-long');
    const lenient: Rules = {
      onDuplicateOpen: 'update',
      onDuplicateBind: 'update',
      onCancelWithUsers: 'unbind',
      attributes: 'merge',
      userLimitAttrSpecId: null,
    };
    const left = badRowKinds('better-sqlite3', lenient);
    for (const kind of ['opened-twice', 'bound-twice', 'cancelled-with-users', 'user-limit-passed']) {
      expect(left).not.toContain(kind);
    }
  });
});

describe('a load of opens', () => {
  it('opens one product for each customer, with as many attributes as asked for', () => {
    const messages = [...opens({ seed: 1, customers: 100, attributesEach: 3, firstCustId: 1n })];
    expect(new Set(messages.map(({ custId }) => custId)).size).toBe(100);
    expect(messages.every(({ attributes, opFlag }) => attributes.length === 3 && opFlag === '0101')).toBe(
      true,
    );
  });
});

describe("the specification's examples", () => {
  it('succeed and leave what is noted as their outcome', () => {
    const { outcomes, store } = runModel(asRows(specExamples));
    expect(outcomes.filter(({ code }) => code === null)).toHaveLength(specExamplesOutcome.applied.length);
    expect(
      store.customers.map(({ custId, status, attributes }) => [custId, status, attributes.length]),
    ).toEqual([
      ['6', 'cancelled', 0],
      ['990947809', 'active', 16],
    ]);
    expect(store.accounts).toMatchObject(
      specExamplesOutcome.users.map(({ custId, userId, accName, status }) => ({
        custId,
        userId,
        accName,
        status,
      })),
    );
  });
});
