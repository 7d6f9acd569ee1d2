import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../src/demo/platform/random.js';
import type { Content, PlatformRow, Table } from './observations.js';
import type { Connection, Query } from './connection.js';
import { correctedContent, type ScheduledRow, type ScheduledTransaction, type Schedule } from './schedule.js';

const tableOf: Readonly<Record<Table, string>> = { CUST: 'IF_BNET_CUST', ACCOUNT: 'IF_BNET_ACCOUNT' };
const columnsOf: Readonly<Record<Table, Readonly<Record<string, keyof Content>>>> = {
  CUST: {
    ProductID: 'productId',
    CustID: 'custId',
    BizID: 'bizId',
    AreaCode: 'areaCode',
    CustAccount: 'custAccount',
    CustName: 'custName',
    OPFlag: 'opFlag',
  },
  ACCOUNT: {
    ProductID: 'productId',
    CustID: 'custId',
    BizID: 'bizId',
    AreaCode: 'areaCode',
    UserID: 'userId',
    AccType: 'accType',
    AccName: 'accName',
    OPFlag: 'opFlag',
  },
};

/** The platform and its DBA: they write over connections of their own and remember everything. */
export class Platform {
  readonly rows: PlatformRow[] = [];
  /** How many rows a DBA put back. */
  resets = 0;
  readonly #first: Connection;
  readonly #dba: Connection;
  readonly #long: Connection;
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #beforeWriting: (rows: readonly PlatformRow[]) => Promise<void>;
  #clockAheadMs = 0;
  readonly #open = new Set<Promise<void>>();

  /**
   * @param connections - for the platform, for its DBA, and for transactions that stay open
   * @param beforeWriting - called with the rows of a transaction before any of it is sent
   */
  constructor(
    connections: { first: Connection; dba: Connection; long: Connection },
    schedule: Schedule,
    random: Random,
    beforeWriting: (rows: readonly PlatformRow[]) => Promise<void> = () => Promise.resolve(),
  ) {
    ({ first: this.#first, dba: this.#dba, long: this.#long } = connections);
    this.#beforeWriting = beforeWriting;
    this.#schedule = schedule;
    this.#random = random;
  }

  /** Looks at the database's clock, whose time zone is its own. */
  async prepare(): Promise<void> {
    const [row] = await this.#first.retry((query) =>
      query(
        `SELECT extract(epoch from date_trunc('minute', localtimestamp - (now() AT TIME ZONE 'UTC') + interval '30 seconds'))::float8 AS s`,
      ),
    );
    this.#clockAheadMs = Number(row?.['s']) * 1000;
  }

  /** Writes transactions until told to stop, about so many rows a second. */
  async write(rowsPerSecond: number, goesOn: () => boolean): Promise<void> {
    const most = Math.max(4, Math.round(rowsPerSecond));
    while (goesOn()) {
      const before = this.rows.length;
      const startedAt = Date.now();
      await this.send(this.#schedule.transaction(most));
      const dueMs = ((this.rows.length - before) / rowsPerSecond) * 1000 * (0.5 + this.#random.next());
      await pause(Math.max(10, dueMs - (Date.now() - startedAt)));
    }
    await Promise.all(this.#open);
  }

  /** Writes one transaction; one that stays open is committed in the background. */
  async send({ rows, openMs }: ScheduledTransaction): Promise<void> {
    const written = rows.map((row) => this.#dated(row));
    await this.#beforeWriting(written.map(({ row }) => row));
    if (openMs === 0 || this.#open.size > 0) {
      await this.#commit(this.#first, written, 0);
      return;
    }
    const open = this.#commit(this.#long, written, openMs).finally(() => this.#open.delete(open));
    this.#open.add(open);
  }

  /** Puts rows that ended back to State 0, failed ones mostly, and corrects some of them. */
  async reset(goesOn: () => boolean): Promise<void> {
    while (goesOn()) {
      await pause(this.#random.between(100, 400));
      const candidates = this.rows.filter(({ mark }) => mark === 'none' || mark === 'refuse');
      const likely = candidates.filter(({ formCode, mark }) => formCode !== null || mark === 'refuse');
      for (let tries = 0; tries < 4 && likely.length > 0; tries += 1) {
        const isFailed = this.#random.chance(0.8);
        await this.#putBack(
          this.#random.pick(isFailed && this.#random.chance(0.7) ? likely : candidates),
          isFailed ? 3 : 2,
        );
      }
    }
  }

  #dated(planned: ScheduledRow): { planned: ScheduledRow; row: PlatformRow } {
    const { ageMs, source, streamingNo, content, attributes, formCode, mark, planted } = planned;
    const createdAt = ageMs === null ? null : Math.floor((Date.now() - ageMs) / 1000) * 1000;
    const local = createdAt === null ? null : new Date(createdAt + this.#clockAheadMs);
    const createDate = local === null ? null : local.toISOString().slice(0, 19).replace('T', ' ');
    const versions = [content];
    const row = {
      source,
      streamingNo,
      createDate,
      createdAt,
      committedAt: 0,
      versions,
      attributes,
      formCode,
      mark,
      planted,
    };
    return { planned, row };
  }

  async #commit(
    connection: Connection,
    written: readonly { row: PlatformRow }[],
    openMs: number,
  ): Promise<void> {
    await connection.retry(async (query) => {
      if (await isThere(query, written[0]?.row)) return;
      await query('BEGIN');
      await insertRows(
        query,
        written.map(({ row }) => row),
      );
      if (openMs > 0) await pause(openMs);
      await query('COMMIT');
    });
    const committedAt = Date.now();
    for (const { row } of written) {
      row.committedAt = committedAt;
      this.rows.push(row);
    }
  }

  async #putBack(row: PlatformRow, state: 2 | 3): Promise<void> {
    const content = correctedContent(row, this.#random);
    const version = row.versions.length;
    row.versions.push(content);
    const columns = Object.entries(columnsOf[row.source]);
    const sets = columns.map(([column], index) => `${column} = $${index + 4}`).join(', ');
    const done = await this.#dba.retry(async (query) => {
      await query('BEGIN');
      if (!(await isFree(query, row, state))) {
        await query('ROLLBACK');
        return false;
      }
      const changed = await query(
        `UPDATE ${tableOf[row.source]} SET State = 0, ErrContent = NULL, Remark = $3,
           StateDate = GREATEST(localtimestamp(0), StateDate), ${sets} WHERE StreamingNo = $1 AND State = $2
         RETURNING StreamingNo`,
        [row.streamingNo, state, `v${version}`, ...columns.map(([, field]) => content[field])],
      );
      if (changed.length > 0)
        await query(
          `UPDATE ${tableOf[row.source]}_ATTR AS a SET State = m.State, StateDate = m.StateDate
           FROM ${tableOf[row.source]} AS m WHERE m.StreamingNo = $1 AND a.StreamingNo = m.StreamingNo`,
          [row.streamingNo],
        );
      await query('COMMIT');
      return changed.length > 0;
    });
    if (done) this.resets += 1;
  }
}

/** A DBA does not wait for a row in this State that somebody else has locked, nor for its attribute rows. */
async function isFree(
  query: Query,
  { source, streamingNo, attributes }: PlatformRow,
  state: 2 | 3,
): Promise<boolean> {
  const table = tableOf[source];
  const own = await query(
    `SELECT 1 FROM ${table} WHERE StreamingNo = $1 AND State = ${state} FOR UPDATE SKIP LOCKED`,
    [streamingNo],
  );
  const followers = await query(`SELECT 1 FROM ${table}_ATTR WHERE StreamingNo = $1 FOR UPDATE SKIP LOCKED`, [
    streamingNo,
  ]);
  return own.length > 0 && followers.length === attributes.length;
}

async function isThere(query: Query, row: PlatformRow | undefined): Promise<boolean> {
  if (row === undefined) return true;
  const found = await query(`SELECT 1 FROM ${tableOf[row.source]} WHERE StreamingNo = $1`, [row.streamingNo]);
  return found.length > 0;
}

/** Four statements, whatever the number of rows. */
async function insertRows(query: Query, rows: readonly PlatformRow[]): Promise<void> {
  for (const source of ['CUST', 'ACCOUNT'] as const) {
    const ofTable = rows.filter((row) => row.source === source);
    await insert(query, tableOf[source], ofTable.map(columnsOfRow));
    await insert(query, `${tableOf[source]}_ATTR`, ofTable.flatMap(columnsOfAttributes));
  }
}

type Columns = Readonly<Record<string, unknown>>;

function columnsOfRow({ source, streamingNo, createDate, versions, planted }: PlatformRow): Columns {
  const columns = Object.entries(columnsOf[source]);
  const values = columns.map(([column, field]) => [column, versions[0]?.[field] ?? null]);
  const content = Object.fromEntries(values) as Columns;
  const ofRow = { StreamingNo: streamingNo, CreateDate: createDate, Remark: 'v0' };
  return { ...content, ...ofRow, State: planted?.state ?? 0, StateDate: planted?.stateDate ?? null };
}

function columnsOfAttributes({
  source,
  streamingNo,
  createDate,
  versions,
  attributes,
  planted,
}: PlatformRow): Columns[] {
  const ofRow = {
    StreamingNo: streamingNo,
    CustID: versions[0]?.custId ?? null,
    CreateDate: createDate,
    State: planted?.state ?? 0,
    StateDate: planted?.stateDate ?? null,
  };
  const id = source === 'CUST' ? 'CustAttrID' : 'AccAttrID';
  return attributes.map(({ attrId, attrSpecId, attrValue }) => ({
    ...{ ...ofRow, [id]: attrId },
    ...{ AttrSpecID: attrSpecId, AttrValue: attrValue },
  }));
}

async function insert(query: Query, table: string, rows: readonly Columns[]): Promise<void> {
  if (rows.length === 0) return;
  const lower = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([column, value]) => [column.toLowerCase(), value])),
  );
  await query(`INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1)`, [
    JSON.stringify(lower),
  ]);
}
