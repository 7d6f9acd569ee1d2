import type { PlatformRow, Trouble, TroubleKind } from '../fault/observations.js';
import { fits } from '../fault/row-troubles.js';
import type { EventLoop } from './event-loop.js';
import type { MiddleTables } from './middle/tables.js';
import type { SimulatedPlatform } from './platform.js';
import type { StoreTables } from './store/tables.js';
import type { Journalist } from './story.js';

/** Which trouble, with how many of the rows there are or of those that are written next, for how long. */
interface TroubleToBegin {
  readonly trouble: TroubleKind;
  readonly of: 'rows there are' | 'next rows';
  readonly rows: number;
  readonly pick: number;
  readonly forMs: number;
}

type Beginning = Pick<Trouble, 'kind' | 'source' | 'streamingNo' | 'custId'>;

/** What is wrong with single rows, in either database: each begins, and ends after its time or when all are lifted. */
export class SimulatedTroubles {
  readonly ended: Trouble[] = [];
  readonly #lifts = new Set<() => void>();
  readonly #lasting = new Set<Beginning>();
  #expected: readonly TroubleToBegin[] = [];

  constructor(
    private readonly loop: EventLoop,
    private readonly databases: { readonly middle: MiddleTables; readonly store: StoreTables },
    private readonly platform: SimulatedPlatform,
    private readonly tell: Journalist,
  ) {}

  begin(trouble: TroubleToBegin): void {
    if (trouble.trouble === 'ErrContent too narrow') this.#narrow(trouble.pick, trouble.forMs);
    else if (trouble.of === 'next rows') this.#expected = [...this.#expected, trouble];
    else this.#beginWithSome(trouble, this.platform.rows);
  }

  /** Rows were written: what waits for one that fits begins before anybody sees it. */
  written(rows: readonly PlatformRow[]): void {
    this.#expected = this.#expected.flatMap((trouble) => {
      const left = trouble.rows - this.#beginWithSome(trouble, rows);
      return left > 0 ? [{ ...trouble, rows: left }] : [];
    });
  }

  /** How many of the rows it began with. */
  #beginWithSome({ trouble: kind, rows: most, pick, forMs }: TroubleToBegin, choice: readonly PlatformRow[]) {
    if (kind === 'ErrContent too narrow') return 0;
    const fitting = choice.filter((row) => fits(kind, row));
    const first = Math.floor(pick * fitting.length);
    const rows = [...fitting.slice(first), ...fitting.slice(0, first)].slice(0, most);
    for (const row of rows) {
      const { source, streamingNo } = row;
      const custId = row.versions.at(-1)?.custId ?? null;
      this.#last({ kind, source, streamingNo, custId }, forMs, this.#lift(kind, row));
    }
    return rows.length;
  }

  /** Customers of rows that something is wrong with now; null: rows without a CustID. */
  get customers(): ReadonlySet<string | null> {
    return new Set([...this.#lasting].flatMap((trouble) => this.#customersOf(trouble)));
  }

  /** Ends all that last. */
  lift(): void {
    for (const lift of this.#lifts) lift();
  }

  /** A correction may have given the row to another customer. */
  #customersOf({ source, streamingNo, custId }: Beginning): readonly (string | null)[] {
    if (streamingNo === null) return [custId];
    const row = this.platform.rows.find((each) => each.source === source && each.streamingNo === streamingNo);
    return [...new Set([custId, ...(row?.versions ?? []).map((version) => version.custId)])];
  }

  #lift(kind: Exclude<TroubleKind, 'ErrContent too narrow'>, row: PlatformRow): () => void {
    const { middle, store } = this.databases;
    if (kind === 'row locked') return middle.lock(row, 'a person');
    if (kind === 'decision refused') return store.refuse({ kind: 'record', row, outcome: 'any' });
    if (kind === 'effect refused') return store.refuse({ kind: 'record', row, outcome: 'applied' });
    if (kind !== 'attribute row locked') return middle.rule(kind, row);
    const attrId = row.attributes[0]?.attrId;
    return middle.lock(attrId === undefined ? row : { ...row, attrId }, 'a person');
  }

  #narrow(pick: number, forMs: number): void {
    const source = pick < 0.5 ? 'CUST' : 'ACCOUNT';
    const most = [5, 12, 30, 60][Math.floor(pick * 8) % 4] ?? 5;
    const lift = this.databases.middle.narrow(source, pick * 16 < 8 ? { characters: most } : { bytes: most });
    this.#last({ kind: 'ErrContent too narrow', source, streamingNo: null, custId: null }, forMs, lift);
  }

  #last(trouble: Beginning, forMs: number, lift: () => void): void {
    const begun = this.loop.now;
    const name = `${trouble.kind}: ${trouble.source}:${trouble.streamingNo ?? 'all'}`;
    this.tell('trouble', `${name} begins`);
    const end = (): void => {
      if (!this.#lifts.delete(end)) return;
      this.#lasting.delete(trouble);
      lift();
      const over = this.loop.now;
      for (const custId of this.#customersOf(trouble))
        this.ended.push({ ...trouble, custId, begun, from: begun, until: over, over });
      this.tell('trouble', `${name} is over`);
    };
    this.#lifts.add(end);
    this.#lasting.add(trouble);
    this.loop.schedule(forMs, end);
  }
}
