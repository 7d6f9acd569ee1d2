import type { Database } from '../../database/database.js';
import type { Fragment } from '../../database/dialects/dialect.js';
import { State } from '../../domain/states.js';
import type { Source } from '../../domain/keys.js';
import type { FinishedRow } from '../../domain/loss.js';
import { readFinishedPage, readLatestFinished, readClaimed, type FinishedStep } from '../finished.js';
import type { LatestFinishedRequest, ClaimedRequest, ClaimedRow } from '../port.js';
import type { FinishedPage, FinishedRequest, FinishedRows } from '../admin-port.js';
import type { DriverRow } from '../rows.js';
import type { MiddleDialect } from './dialect.js';
import { attributesStatement, rowColumns } from './statements.js';
import { attemptText, mainTable, ourProducts, type KnexTables } from './tables.js';

/** The finished rows of a middle database behind Knex: PostgreSQL and SQLite. */
export class KnexFinishedRows implements FinishedRows {
  readonly #database: Database;
  readonly #tables: KnexTables;

  constructor(database: Database, tables: KnexTables) {
    this.#database = database;
    this.#tables = tables;
  }

  async page(request: FinishedRequest): Promise<FinishedPage> {
    return readFinishedPage(request, {
      rows: (step, limit) => this.#run(this.#statement(request, step, limit)),
      attributes: (streamingNos) =>
        this.#run(attributesStatement(this.#tables, request.source, streamingNos)),
    });
  }

  async now(): Promise<string> {
    const rows = await this.#run({ sql: `SELECT ${this.#nowText()} AS now`, bindings: [] });
    return String(rows[0]?.['now']);
  }

  async latestFinished(request: LatestFinishedRequest): Promise<readonly FinishedRow[]> {
    return readLatestFinished(request, (source, createDate) =>
      this.#run(this.#latest(request, source, createDate)),
    );
  }

  async claimedUntil(request: ClaimedRequest): Promise<readonly ClaimedRow[]> {
    return readClaimed(request, (source) => this.#run(this.#claimed(request, source)));
  }

  #claimed({ shards, until, limit }: ClaimedRequest, source: Source): Fragment {
    const tables = this.#tables;
    const { secondAfter } = tables.dialect;
    const conditions = [
      anded({ sql: `(t.StateDate IS NULL OR t.StateDate < ${secondAfter})`, bindings: [until] }),
      ourProducts(tables, 't'),
      ...this.#ofShards(shards),
    ];
    return {
      sql: `SELECT ${tables.dialect.numberText('t.StreamingNo')} AS "StreamingNo",
                   ${tables.dialect.numberText('t.CustID')} AS "CustID",
                   ${attemptText(tables)} AS "StateDate"
            FROM ${mainTable(tables, source)} AS t
            WHERE t.State = ${State.Processing} AND t.StreamingNo IS NOT NULL${conditions.map(({ sql }) => sql).join('')}
            LIMIT ${limit}`,
      bindings: conditions.flatMap(({ bindings }) => bindings),
    };
  }

  #ofShards({ count, of }: LatestFinishedRequest['shards']): Fragment[] {
    return of === 'all' ? [] : [anded(this.#tables.dialect.shardIn('t.CustID', count, of))];
  }

  #nowText(): string {
    const { dialect } = this.#tables;
    return dialect.dateText(dialect.now);
  }

  #latest(
    { shards, after, scan, limit }: LatestFinishedRequest,
    source: Source,
    createDate: 'missing' | 'present',
  ): Fragment {
    const tables = this.#tables;
    const { dialect } = tables;
    const isDated = createDate === 'present';
    const conditions = [
      ...(after === null ? [] : [anded({ sql: `t.StateDate >= ${dialect.secondAfter}`, bindings: [after] })]),
      ourProducts(tables, 't'),
      ...this.#ofShards(shards),
    ];
    return {
      sql: `SELECT ${tables.dialect.numberText('t.StreamingNo')} AS "StreamingNo",
                   ${tables.dialect.numberText('t.CustID')} AS "CustID",
                   CAST(t.ProductID AS TEXT) AS "ProductID",
                   ${tables.dialect.dateText('t.StateDate')} AS "StateDate"
            FROM (SELECT t.StreamingNo, t.CustID, t.ProductID, t.StateDate FROM ${mainTable(tables, source)} AS t
                  WHERE t.State = ${State.Succeeded} AND t.CreateDate IS ${isDated ? 'NOT NULL' : 'NULL'}
                  ORDER BY ${isDated ? dialect.pollOrderReversed : dialect.numberDescending('t.StreamingNo')} LIMIT ${scan}) AS t
            WHERE t.StreamingNo IS NOT NULL AND t.StateDate IS NOT NULL${conditions.map(({ sql }) => sql).join('')}
            ORDER BY t.StateDate DESC LIMIT ${limit}`,
      bindings: conditions.flatMap(({ bindings }) => bindings),
    };
  }

  #statement(request: FinishedRequest, step: FinishedStep, limit: number): Fragment {
    const tables = this.#tables;
    const { source, custIds, productId } = request;
    const { dialect } = tables;
    const table = mainTable(tables, source);
    // Separate, so that no planner walks all finished rows for those of a few customers.
    const own =
      custIds === undefined ? null : withPrefix(table, tables.dialect.numberIn('m.CustID', custIds));
    const conditions = [
      ...conditionsOf(step, dialect),
      ourProducts(tables, 't'),
      ...(productId === undefined ? [] : [anded(tables.dialect.numberIn('t.ProductID', [productId]))]),
    ];
    return {
      sql: `${own?.sql ?? ''}SELECT ${rowColumns(tables, source)}, CAST(t.CreateDate AS TEXT) AS "Position"
            FROM ${own === null ? table : 'own'} AS t
            WHERE t.State = ${State.Succeeded} AND t.StreamingNo IS NOT NULL${conditions.map(({ sql }) => sql).join('')}
            ORDER BY ${dialect.pollOrder} LIMIT ${limit}`,
      bindings: [...(own?.bindings ?? []), ...conditions.flatMap(({ bindings }) => bindings)],
    };
  }

  async #run(statement: Fragment): Promise<readonly DriverRow[]> {
    return (await this.#database.execute(statement)).rows;
  }
}

function withPrefix(table: string, { sql, bindings }: Fragment): Fragment {
  return { sql: `WITH own AS MATERIALIZED (SELECT m.* FROM ${table} AS m WHERE ${sql}) `, bindings };
}

function conditionsOf({ createDate, streamingNoAfter }: FinishedStep, dialect: MiddleDialect): Fragment[] {
  return [
    ofDate(createDate, dialect),
    ...(streamingNoAfter === null ? [] : [anded(dialect.numberAbove('t.StreamingNo', streamingNoAfter))]),
  ];
}

function ofDate(createDate: FinishedStep['createDate'], { date }: MiddleDialect): Fragment {
  if (createDate === 'missing') return { sql: ' AND t.CreateDate IS NULL', bindings: [] };
  if (createDate === 'present') return { sql: ' AND t.CreateDate IS NOT NULL', bindings: [] };
  return 'is' in createDate
    ? { sql: ` AND t.CreateDate = ${date}`, bindings: [createDate.is] }
    : { sql: ` AND t.CreateDate > ${date}`, bindings: [createDate.after] };
}

function anded({ sql, bindings }: Fragment): Fragment {
  return { sql: ` AND ${sql}`, bindings };
}
