import type { TraceEvent } from '../model/traces/trace-event.js';
import type { Connection, DriverRow } from './connection.js';
import { grouped, type Observations } from './observations.js';

/*
 * What the recorders saw, as events of a trace. Both servers read one clock, that of their machine, so the times of commits
 * put the events of both in one order. Events of one transaction are one event, except leases: each is of another shard.
 */

/** A transaction that a recorder saw. */
interface Origin {
  readonly xid: string;
  readonly process: string | null;
  readonly at: number;
}

interface LeaseRow extends Origin {
  readonly seq: number;
  readonly shard: number;
  readonly owner: string | null;
  readonly term: number;
}

const committedAt = `(extract(epoch FROM pg_xact_commit_timestamp(xid::xid8::xid)) * 1000000)::float8`;

/** The events of a run whose observations have been read, in the order of their commits. */
export async function readTrace(
  middle: Connection,
  store: Connection,
  { changes, decisions }: Observations,
): Promise<TraceEvent[]> {
  const origins = (table: string) =>
    `SELECT xid, max(process) AS process, ${committedAt} AS at FROM ${table} GROUP BY xid`;
  const ofChanges = await read<Origin>(middle, origins('fault_change'));
  const ofDecisions = await read<Origin>(store, origins('fault_decision'));
  const leases = await read<LeaseRow>(
    store,
    `SELECT seq::float8 AS seq, xid, process, ${committedAt} AS at, shard, owner, term FROM fault_lease`,
  );
  const events = [
    ...ofTransactions(changes, ofChanges, (moment, group) => ({
      kind: 'changes',
      ...moment,
      changes: group,
    })),
    ...ofTransactions(decisions, ofDecisions, (moment, group) => ({
      kind: 'decisions',
      ...moment,
      decisions: group,
    })),
    ...leases.map((lease) => ({ seq: lease.seq, event: leaseEvent(lease) })),
  ];
  return events.sort((a, b) => a.event.at - b.event.at || a.seq - b.seq).map(({ event }) => event);
}

async function read<Row>(connection: Connection, sql: string): Promise<readonly Row[]> {
  const rows: readonly DriverRow[] = await connection.retry((query) => query(sql));
  return rows as unknown as readonly Row[];
}

/** An event with the number of its first record, which orders what one database committed at one moment. */
interface Numbered {
  readonly seq: number;
  readonly event: TraceEvent;
}

type Moment = Pick<TraceEvent, 'process' | 'at'>;

function ofTransactions<Member extends { readonly xid: string; readonly seq: number }>(
  members: readonly Member[],
  origins: readonly Origin[],
  eventOf: (moment: Moment, members: readonly Member[]) => TraceEvent,
): Numbered[] {
  const byXid = new Map(origins.map(({ xid, process, at }) => [xid, { process, at }]));
  return [...grouped(members, ({ xid }) => xid)].flatMap(([xid, group]) => {
    const moment = byXid.get(xid);
    return moment === undefined ? [] : [{ seq: group[0]?.seq ?? 0, event: eventOf(moment, group) }];
  });
}

function leaseEvent({ process, at, shard, owner, term }: LeaseRow): TraceEvent {
  const moment = { process, at, shard };
  return owner === null ? { kind: 'release', ...moment } : { kind: 'take', ...moment, term };
}
