/*
 * Handlers of the fault suite: every row that takes effect leaves a line, in the transaction that applies it. The names
 * in a row say how its handler behaves.
 */
import { appendFileSync } from 'node:fs';
import process from 'node:process';

async function handle({ knex, operation, after }) {
  const source = operation.source;
  const words = `${operation.custName ?? ''} ${operation.accName ?? ''}`;
  await knex('fault_call').insert({ source, streaming_no: operation.streamingNo });
  if (words.includes('WAIT')) await knex.raw('SELECT pg_advisory_xact_lock(4711)');
  if (words.includes('REFUSE')) return { refuse: { code: '00003', detail: `拒绝 ${after.custId}` } };
  if (!words.includes('POISON')) return undefined;
  const file = process.env['FAULT_POISON_FILE'];
  if (file !== undefined) appendFileSync(file, `${source}:${operation.streamingNo}\n`);
  if (words.includes('POISON-EXIT')) process.exit(86);
  throw new Error('poison');
}

export const onCustomer = handle;
export const onAccount = handle;
