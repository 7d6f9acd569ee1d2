import PQueue from 'p-queue';
import type { DatabaseOptions } from './knex-config.js';

/*
 * SQLite has one writer, and its driver waits for it inside a call, on the only thread there is. Where the writer is
 * another connection of this process, it could never end while the driver waits. So the connections of a process to one
 * file take turns.
 */

const turns = new Map<string, PQueue>();

/** Whose turn it is at the file of these options; undefined where there is nothing to wait for. */
export function turnsAt({ client, connection, takesTurns }: DatabaseOptions): PQueue | undefined {
  if (client === 'pg' || takesTurns !== true) return undefined;
  const file = typeof connection === 'string' ? connection : String(connection['filename']);
  const present = turns.get(file) ?? new PQueue({ concurrency: 1 });
  turns.set(file, present);
  return present;
}
