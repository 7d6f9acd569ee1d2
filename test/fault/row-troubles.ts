import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../src/demo/platform/random.js';
import { gate } from '../support/until.js';
import type { MiddleTroubleKind, PlatformRow, Trouble, TroubleKind } from './observations.js';
import type { Connection, Query } from './connection.js';
import { refusalCodes, rules, type RuleKind } from './trouble-rules.js';

/*
 * What is wrong with single rows: the middle database refuses or undoes a claim or a mark, or a person has locked a row.
 * Each trouble begins at a random moment and ends after a random time; some stay until all are lifted.
 */

/** How long troubles are apart, and how long one lasts that does not stay, in milliseconds. */
export interface TroubleTimes {
  readonly pauseMs: readonly [number, number];
  readonly lastMs: readonly [number, number];
  /** How many of ten stay until the end. */
  readonly stayInTen: number;
}

/** What troubles need. */
export interface TroubleContext {
  /** Another connection to the middle database. */
  connect(name: string): Connection;
  /** What the platform wrote so far. */
  rows(): readonly PlatformRow[];
  readonly random: Random;
  readonly times: TroubleTimes;
  note(text: string): void;
}

type LockKind = 'row locked' | 'attribute row locked';

const lockKinds: readonly LockKind[] = ['row locked', 'attribute row locked'];
const ruleKinds = Object.keys(rules) as RuleKind[];

/** A trouble whose end is not known yet. */
type Begun = Omit<Trouble, 'from' | 'until' | 'over'>;

/** Lets troubles begin and end, and writes down when each was in force. */
export class RowTroubles {
  readonly #context: TroubleContext;
  readonly #rules: Connection;
  readonly #ended: Trouble[] = [];
  readonly #lasting = new Set<Begun>();
  readonly #running = new Set<Promise<void>>();
  /** Kinds that wait for the next row that is written and fits. */
  readonly #awaited: MiddleTroubleKind[] = [];
  readonly #lifted = gate();
  #count = 0;

  constructor(context: TroubleContext) {
    this.#context = context;
    this.#rules = context.connect('rules');
  }

  /** All that have ended. */
  get ended(): readonly Trouble[] {
    return this.#ended;
  }

  /** Customers of rows that something is wrong with, or was at this moment or later. */
  customersSince(moment: number): ReadonlySet<string | null> {
    const troubles = [...this.#lasting, ...this.#ended.filter(({ over }) => over >= moment)];
    return new Set(troubles.filter(({ streamingNo }) => streamingNo !== null).map(({ custId }) => custId));
  }

  /** Draws one trouble after another until told to stop; those that have begun go on. */
  async happen(goesOn: () => boolean): Promise<void> {
    const { random, times } = this.#context;
    let deck: MiddleTroubleKind[] = [];
    for (;;) {
      await pause(random.between(...times.pauseMs));
      if (!goesOn()) return;
      // Each kind occurs once before any occurs again.
      if (deck.length === 0) deck = random.shuffled([...ruleKinds, ...lockKinds, 'ErrContent too narrow']);
      const kind = deck.pop();
      if (kind === undefined) return;
      if (kind === 'ErrContent too narrow') this.#run(this.#narrow());
      else if (random.chance(0.5) && !isLock(kind)) this.#awaited.push(kind);
      else {
        const row = this.#chosen(kind);
        if (row !== null) this.#run(this.#trouble(kind, row));
      }
    }
  }

  /** To be called before rows are written: a rule may stand before its row does. */
  async beforeWriting(rows: readonly PlatformRow[]): Promise<void> {
    for (const row of this.#context.random.shuffled(rows)) {
      const worker = this.#awaited.findIndex((kind) => fits(kind, row));
      const [kind] = worker === -1 ? [] : this.#awaited.splice(worker, 1);
      if (kind === undefined || isLock(kind) || kind === 'ErrContent too narrow') continue;
      const { begins, ends } = this.#rule(kind, row);
      await begins;
      this.#run(ends);
    }
  }

  /** Ends all that last, and waits for it. */
  async lift(): Promise<void> {
    this.#lifted.open();
    await Promise.all(this.#running);
  }

  #run(trouble: Promise<void>): void {
    const running = trouble.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** One of the rows that were written last and that such a trouble can meet. */
  #chosen(kind: MiddleTroubleKind): PlatformRow | null {
    const rows = this.#context.rows().slice(-40);
    const fitting = rows.filter((row) => fits(kind, row));
    return fitting.length === 0 ? null : this.#context.random.pick(fitting);
  }

  #trouble(kind: RuleKind | LockKind, row: PlatformRow): Promise<void> {
    if (isLock(kind)) return this.#lock(kind, row);
    return this.#rule(kind, row).ends;
  }

  /** Resolves when the trouble's time is over, or all are lifted. */
  #time(): Promise<unknown> {
    const { random, times } = this.#context;
    const stays = random.chance(times.stayInTen / 10);
    const lastMs = random.between(...times.lastMs);
    return stays ? this.#lifted.passed : Promise.race([pause(lastMs), this.#lifted.passed]);
  }

  #begins(trouble: Begun): void {
    this.#lasting.add(trouble);
    this.#context.note(`${trouble.kind}: ${trouble.source}:${trouble.streamingNo ?? 'all'} begins`);
  }

  #ends(trouble: Begun, from: number, until: number): void {
    this.#lasting.delete(trouble);
    this.#ended.push({ ...trouble, from, until, over: Date.now() });
    this.#context.note(`${trouble.kind}: ${trouble.source}:${trouble.streamingNo ?? 'all'} is over`);
  }

  #rule(kind: RuleKind, row: PlatformRow): { begins: Promise<void>; ends: Promise<void> } {
    const { steps, way } = rules[kind];
    const { source, streamingNo } = row;
    const code = this.#context.random.pick(refusalCodes);
    return this.#entry({ ...keyOf(row), kind }, 'fault_rule', async (query, id) => {
      const values = [id, source, streamingNo, steps, way, code];
      await query(
        `INSERT INTO fault_rule SELECT $1::int, $2, $3::numeric, unnest($4::text[]), $5, $6 ON CONFLICT DO NOTHING`,
        values,
      );
    });
  }

  /** The column takes so many characters, or so many bytes, and no more. */
  #narrow(): Promise<void> {
    const { random } = this.#context;
    const source = random.pick(['CUST', 'ACCOUNT'] as const);
    const [room, unit] = [random.pick([5, 12, 30, 60]), random.pick(['characters', 'bytes'])];
    const trouble = { kind: 'ErrContent too narrow', source, streamingNo: null, custId: null } as const;
    return this.#entry(trouble, 'fault_room', async (query, id) => {
      await query('INSERT INTO fault_room VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [
        id,
        source,
        room,
        unit,
      ]);
    }).ends;
  }

  /** A trouble that stands in a table of rules. */
  #entry(
    trouble: Omit<Begun, 'begun'>,
    table: 'fault_rule' | 'fault_room',
    insert: (query: Query, id: number) => Promise<void>,
  ): { begins: Promise<void>; ends: Promise<void> } {
    this.#count += 1;
    const id = this.#count;
    const time = this.#time();
    const begun: Begun = { ...trouble, begun: Date.now() };
    this.#begins(begun);
    const begins = this.#rules.retry((query) => insert(query, id));
    const ends = async () => {
      await begins;
      const from = Date.now();
      await time;
      const until = Date.now();
      await this.#rules.retry((query) => query(`DELETE FROM ${table} WHERE id = $1`, [id]));
      this.#ends(begun, from, until);
    };
    return { begins, ends: ends() };
  }

  /** A person's transaction; where the server ends it, he begins another one. */
  async #lock(kind: LockKind, row: PlatformRow): Promise<void> {
    const { random, connect: connection } = this.#context;
    const [statement, end] = [lockStatement(kind, row, random), random.pick(['COMMIT', 'ROLLBACK'])];
    const person = connection('person');
    const state = { isOver: false };
    const time = this.#time().then(() => {
      state.isOver = true;
    });
    while (!state.isOver) {
      const trouble: Begun = { ...keyOf(row), kind, begun: Date.now() };
      this.#begins(trouble);
      let [from, until] = [0, 0];
      await person
        .run(async (query) => {
          await query('BEGIN');
          await query(statement, [row.streamingNo]);
          from = Date.now();
          while (!state.isOver) {
            await Promise.race([pause(300), time]);
            const asked = Date.now();
            await query('SELECT 1');
            until = asked;
          }
          await query(end);
        })
        .catch(() => pause(300));
      this.#ends(trouble, from, Math.max(from, until));
    }
    await person.close();
  }
}

function isLock(kind: TroubleKind): kind is LockKind {
  return kind === 'row locked' || kind === 'attribute row locked';
}

function keyOf(row: PlatformRow): Pick<Trouble, 'source' | 'streamingNo' | 'custId'> {
  return { source: row.source, streamingNo: row.streamingNo, custId: row.versions.at(-1)?.custId ?? null };
}

/** Whether a row will meet such a trouble, as far as one can tell. Poison has trouble enough. */
export function fits(kind: TroubleKind, { mark, formCode, attributes }: PlatformRow): boolean {
  if (mark === 'throw' || mark === 'exit') return false;
  const fails = formCode !== null || mark === 'refuse';
  if (kind.startsWith('success') || kind === 'effect refused') return !fails;
  if (kind.startsWith('failure')) return fails;
  return kind !== 'attribute row locked' || attributes.length > 0;
}

/** What a person does who changes nothing in the end. */
function lockStatement(kind: LockKind, { source }: PlatformRow, random: Random): string {
  const table = `IF_BNET_${source}${kind === 'row locked' ? '' : '_ATTR'}`;
  return random.pick([
    `SELECT * FROM ${table} WHERE StreamingNo = $1 FOR UPDATE`,
    `SELECT * FROM ${table} WHERE StreamingNo = $1 FOR SHARE`,
    `UPDATE ${table} SET CreateDate = CreateDate WHERE StreamingNo = $1`,
  ]);
}
