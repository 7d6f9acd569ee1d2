import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase } from '../support/postgres.js';
import { until } from '../support/until.js';
import { Place, type CrewSettings } from './crew.js';
import { prepareDatabases } from './scene.js';
import { Link, type DriverRow } from './link.js';
import { placeWitnesses } from './witness.js';

/** Two databases on the server of this test run, with witnesses and places for workers, for one scripted scenario. */
export class SmallScene {
  readonly #places: Place[] = [];

  private constructor(
    readonly middle: Link,
    readonly store: Link,
    private readonly crew: CrewSettings,
    private readonly drop: () => Promise<void>,
  ) {}

  static async open(settings: Partial<CrewSettings> = {}): Promise<SmallScene> {
    const [middle, store] = await Promise.all([createDatabase('middle'), createDatabase('store')]);
    const access = { middle: middle.connection, store: store.connection };
    await prepareDatabases(access, settings.worker?.shards ?? 16);
    const [middleLink, storeLink] = [new Link(access.middle, 'test'), new Link(access.store, 'test')];
    await placeWitnesses(middleLink, storeLink);
    const folder = await mkdtemp(join(tmpdir(), 'bnet-sync-scenario-'));
    const worker = { settleMs: 0, dependencyGraceMs: 0, ...settings.worker };
    const crew: CrewSettings = { logLevel: 'debug', proxies: true, ...settings, folder, ...access, worker };
    return new SmallScene(middleLink, storeLink, crew, async () => {
      await Promise.all([middleLink.close(), storeLink.close()]);
      await Promise.all([middle.drop(), store.drop(), rm(folder, { recursive: true, force: true })]);
    });
  }

  /** A place for a worker; `more` sets its settings apart from the others'. */
  async place(name: string, more: Partial<CrewSettings> = {}): Promise<Place> {
    const place = await Place.make(name, { ...this.crew, ...more });
    this.#places.push(place);
    return place;
  }

  /** Opens of so many customers, from a first CustID and StreamingNo on. */
  async plantOpens(first: number, count: number, name = '企业'): Promise<void> {
    await this.middle.run((query) =>
      query(
        `INSERT INTO IF_BNET_CUST (StreamingNo, ProductID, BizID, CustID, CustAccount, CustName, OPFlag, CreateDate, State, Remark)
         SELECT n, 323002000, 'b', n, 'a', $3, '0101', localtimestamp(0), 0, 'v0'
         FROM generate_series($1::int, $1::int + $2::int - 1) AS n`,
        [first, count, name],
      ),
    );
  }

  /** Where logs and configurations are. */
  get folder(): string {
    return this.crew.folder;
  }

  async inState(state: number): Promise<number> {
    const [row] = await this.middle.run((query) =>
      query('SELECT count(*) AS count FROM IF_BNET_CUST WHERE State = $1', [state]),
    );
    return Number(row?.['count']);
  }

  async untilInState(state: number, count: number, limitMs = 40_000): Promise<void> {
    await until(
      `${count} rows are in State ${state}`,
      async () => (await this.inState(state)) === count,
      limitMs,
    );
  }

  /** How many shards each worker holds. */
  async shards(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.store.run((query) =>
      query('SELECT owner, count(*) AS count FROM sync_shard WHERE owner IS NOT NULL GROUP BY owner'),
    );
    return new Map(rows.map((row) => [String(row['owner']), Number(row['count'])]));
  }

  /** Waits until so many workers hold all shards between them, none more than its share. */
  async untilShared(workers: number, limitMs = 30_000): Promise<ReadonlyMap<string, number>> {
    const shards = this.crew.worker?.shards ?? 16;
    return until(
      `${workers} workers share the shards`,
      async () => {
        const held = [...(await this.shards()).values()];
        const all = held.reduce((sum, count) => sum + count, 0) === shards;
        const even = held.every((count) => count <= Math.ceil(shards / workers));
        return held.length === workers && all && even ? this.shards() : null;
      },
      limitMs,
    );
  }

  async ask(sql: string): Promise<readonly DriverRow[]> {
    return this.store.run((query) => query(sql));
  }

  async close(): Promise<void> {
    await Promise.all(this.#places.map((place) => place.leave('SIGKILL')));
    await Promise.all(this.#places.map((place) => place.close()));
    await this.drop();
  }
}
