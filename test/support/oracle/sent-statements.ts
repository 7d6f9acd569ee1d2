import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * What bnet-sync had the stand-in execute in the suites of a run, in whichever process they and it ran: when the last of them
 * has ended, an independent grammar reads it (test/afterwards).
 */

/** The folder of this run (global-setup.ts). */
const folder = process.env['TEST_ORACLE_STATEMENTS'];

const recorded = new Set<string>();

/** Keeps a statement that was executed; those of the same shape are kept once. */
export function recordStatement(sql: string): void {
  const shape = shapeOf(sql);
  if (folder === undefined || recorded.has(shape)) return;
  recorded.add(shape);
  appendFileSync(join(folder, `${process.pid}.jsonl`), `${JSON.stringify(shape)}\n`);
}

/** The statements kept so far, by all processes. */
export function recordedStatements(): readonly string[] {
  if (folder === undefined) return [];
  const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'));
  return [...new Set(lines)].filter((line) => line !== '').map((line) => JSON.parse(line) as string);
}

/** The statement with other numbers, and with two entries in lists that have more: what a grammar says of it is the same. */
export function shapeOf(sql: string): string {
  return sql
    .replaceAll(/\b\d+\b/g, '0')
    .replaceAll(/(:[A-Za-z]+)\d+\b/g, '$1')
    .replaceAll(/(TO_NUMBER\(:\w+\)|\b0)(?:, (?:TO_NUMBER\(:\w+\)|0\b))+/g, '$1, $1');
}
