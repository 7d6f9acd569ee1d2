import { isOnOracle, plant, type Pair, type Planted } from './databases.js';
import type { TestOracle } from './test-oracle.js';
import type { PostgresAccess } from './postgres-database.js';
import { openSession } from './postgres-session.js';
import { open as openOfProduct } from './sample-rows.js';

/*
 * What a middle database, or a person at it, does to one row, so that it does not go through. The row has StreamingNo 7
 * and is the first of customer 7, who has another one behind it.
 */

/** Ends what was begun. */
type Undo = () => Promise<void>;

/** Something that is wrong with one row. */
export interface Trouble {
  readonly name: string;
  /** What is planted for it; default: a good open. */
  readonly row?: Planted;
  /** Gives it 600,000 attribute rows. */
  readonly manyAttributes?: true;
  readonly begin: () => Promise<Undo>;
  /** In which State the row stays as long as it lasts; null: it ends in spite of it. */
  readonly stays: 0 | 1 | null;
  /** In which State it ends. */
  readonly ends: 2 | 3;
  /** Whether the log must name it. */
  readonly isNamed: boolean;
}

/** What a kind of middle database can do to a row. */
interface Ground {
  /** Refuses rows for which a condition over `$.column` holds, at the statement or at the commit. */
  refuse(condition: string, when?: 'commit'): Promise<Undo>;
  /** A person's transaction that stays open. */
  hold(sql: string): Promise<Undo>;
  /** A trigger that undoes an update into a State. */
  undo(state: number, how: 'restore the row' | 'set State back'): Promise<Undo>;
  /** Texts for StateDate that stand in no calendar of ours. */
  readonly absurdDates: readonly string[];
  manyAttributes(): Promise<void>;
}

/** All kinds of trouble, by name, on a pair of databases. */
export function troublesOn(pair: Pair): readonly Trouble[] {
  return troubles(groundOf(pair));
}

function groundOf(pair: Pair): Ground {
  return isOnOracle(pair) ? oracleGround(pair.oracle) : postgresGround(pair);
}

/** The names of what can be wrong with a row. */
export function troubleNames(kind: 'PostgreSQL' | 'Oracle'): readonly string[] {
  const dates = kind === 'Oracle' ? oracleDates : postgresDates;
  return troubles({ absurdDates: dates } as unknown as Ground).map(({ name }) => name);
}

const postgresDates = [
  ...['9999-12-31 23:59:59', 'infinity', '-infinity', '10000-01-01 00:00:00', '0044-03-15 00:00:00 BC'],
];
const oracleDates = ['9999-12-31 23:59:59'];

function troubles(ground: Ground): readonly Trouble[] {
  const mine = '$.StreamingNo = 7';
  const refused = { OPFlag: '0999' };
  const nothing = () => Promise.resolve(() => Promise.resolve());
  const isNamed = true;
  return [
    {
      name: 'claim refused',
      begin: () => ground.refuse(`${mine} AND $.State = 1`),
      stays: 0,
      ends: 2,
      isNamed,
    },
    {
      name: 'mark of a success refused',
      ...{ begin: () => ground.refuse(`${mine} AND $.State = 2`), stays: 1, ends: 2, isNamed },
    },
    {
      name: 'mark of a failure refused',
      row: refused,
      ...{ begin: () => ground.refuse(`${mine} AND $.State = 3`), stays: 1, ends: 3, isNamed },
    },
    {
      name: 'claim refused at the commit',
      ...{ begin: () => ground.refuse(`${mine} AND $.State = 1`, 'commit'), stays: 0, ends: 2, isNamed },
    },
    {
      name: 'mark refused at the commit',
      ...{ begin: () => ground.refuse(`${mine} AND $.State = 2`, 'commit'), stays: 1, ends: 2, isNamed },
    },
    {
      name: 'row locked',
      begin: () => ground.hold(`UPDATE IF_BNET_CUST SET Remark = 'checking' WHERE StreamingNo = 7`),
      ...{ stays: 0, ends: 2, isNamed },
    },
    {
      name: 'attribute row locked',
      begin: () => ground.hold(`UPDATE IF_BNET_CUST_ATTR SET AttrValue = 'y' WHERE StreamingNo = 7`),
      ...{ stays: 0, ends: 2, isNamed },
    },
    {
      name: 'ErrContent too narrow',
      row: refused,
      ...{
        begin: () => ground.refuse(`${mine} AND LENGTH($.ErrContent) > 12`),
        stays: null,
        ends: 3,
        isNamed,
      },
    },
    {
      name: 'ErrContent takes no text',
      row: refused,
      ...{ begin: () => ground.refuse(`${mine} AND $.ErrContent IS NOT NULL`), stays: 1, ends: 3, isNamed },
    },
    { name: 'mark swallowed', begin: () => ground.undo(2, 'restore the row'), stays: 1, ends: 2, isNamed },
    { name: 'claim set back', begin: () => ground.undo(1, 'set State back'), stays: 0, ends: 2, isNamed },
    ...ground.absurdDates.flatMap((StateDate) =>
      [0, 1].map((State): Trouble => {
        const name = `StateDate ${StateDate} in State ${State}`;
        return { name, row: { State, StateDate }, begin: nothing, stays: null, ends: 2, isNamed: false };
      }),
    ),
    {
      name: '600,000 attributes',
      ...{ manyAttributes: true, begin: nothing, stays: null, ends: 3, isNamed },
    },
  ];
}

function postgresGround({ middle, connections }: Pair): Ground {
  const access = connections.middle.connection as unknown as PostgresAccess;
  const run = async (...statements: readonly string[]) => {
    for (const sql of statements) await middle.execute({ sql, bindings: [] });
  };
  const fn = async (body: string) => {
    await run(`CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} END $$`);
    return () => run('DROP TRIGGER trouble ON if_bnet_cust', 'DROP FUNCTION trouble()');
  };
  return {
    absurdDates: postgresDates,
    refuse: async (condition, when) => {
      const named = (prefix: string) => condition.replaceAll('$.', prefix);
      if (when === undefined) {
        await run(`ALTER TABLE if_bnet_cust ADD CONSTRAINT trouble CHECK ((${named('')}) IS NOT TRUE)`);
        return () => run('ALTER TABLE if_bnet_cust DROP CONSTRAINT trouble');
      }
      const end = await fn(`RAISE EXCEPTION 'refused at the commit' USING ERRCODE = '23514';`);
      await run(`CREATE CONSTRAINT TRIGGER trouble AFTER UPDATE ON if_bnet_cust DEFERRABLE INITIALLY DEFERRED
                 FOR EACH ROW WHEN (${named('NEW.')}) EXECUTE FUNCTION trouble()`);
      return end;
    },
    hold: async (sql) => {
      const session = await openSession(access);
      await session.query('BEGIN');
      await session.query(sql);
      return async () => {
        await session.query('ROLLBACK');
        await session.close();
      };
    },
    undo: async (state, how) => {
      const end = await fn(
        how === 'restore the row' ? 'RETURN NULL;' : 'NEW.state := OLD.state; RETURN NEW;',
      );
      await run(`CREATE TRIGGER trouble BEFORE UPDATE ON if_bnet_cust FOR EACH ROW
                 WHEN (NEW.streamingno = 7 AND NEW.state = ${state}) EXECUTE FUNCTION trouble()`);
      return end;
    },
    manyAttributes: () => plantMany(access, 'if_bnet_cust_attr'),
  };
}

function oracleGround({ created }: TestOracle): Ground {
  if (created === null) throw new Error('These troubles need the stand-in.');
  const { standIn, database } = created;
  const table = 'IF_BNET_CUST';
  return {
    absurdDates: oracleDates,
    refuse: async (condition, when) => {
      // A constraint is satisfied where its condition is unknown.
      const isFree = `NOT (${condition.replaceAll('$.', '')})`;
      const rule = await standIn.rules.addCheck({ table, condition: isFree, deferred: when === 'commit' });
      return () => rule.remove();
    },
    hold: async (sql) => {
      const person = await standIn.hold(sql);
      return () => person.rollback();
    },
    undo: async (state, how) => {
      const when = `NEW.StreamingNo = 7 AND NEW.State = ${state}`;
      const kind = how === 'restore the row' ? 'restore row' : 'restore state';
      const trigger = await standIn.rules.createTrigger({ table, when, action: { kind } });
      return () => trigger.remove();
    },
    manyAttributes: () => plantMany(database.connection, 'ismp.if_bnet_cust_attr'),
  };
}

const spec = '11002001000000000000';

/**
 * Autovacuum would analyse the table at some moment of a slow run. Its statistics mislead the planner where nearly all
 * attribute rows belong to one row, which is a known limit of its own (docs/decisions/0011).
 */
async function plantMany(access: PostgresAccess, table: string): Promise<void> {
  const session = await openSession(access);
  await session.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
  await session.query(
    `INSERT INTO ${table} (custattrid, streamingno, custid, attrspecid, attrvalue, state)
     SELECT 1000 + g, 7, 7, ${spec}, 'x', 0 FROM generate_series(1, 600000) AS g`,
  );
  await session.close();
}

const open = { ...openOfProduct, AreaCode: '020' };

/** A good open of a customer of this number. */
export function goodOpen(no: number): Planted {
  return { ...open, CustID: String(no), StreamingNo: String(no) };
}

/** The rows of other customers end within this time, however quick the machine. */
const othersWithinMs = 45_000;

/** How often as long as without a trouble they may take on a machine that is slow or busy. */
const othersTimes = 20;

/**
 * How long the rows of others may take while something is wrong with one row. `withoutMs` is what as many took before, in
 * the same run, together with what the test's own preparation of the trouble took: both tell how busy the machine is.
 */
export function othersLimitMs(withoutMs: number): number {
  return Math.max(othersWithinMs, othersTimes * withoutMs);
}

/** Plants the row that is troubled, and a change of its customer behind it; begins the trouble. */
export async function beginTrouble(pair: Pair, trouble: Trouble): Promise<Undo> {
  await plant(pair.middle, 'CUST', { ...goodOpen(7), ...trouble.row }, [['7', spec, 'x']]);
  const behind = { OPFlag: '0102', StreamingNo: '1007', CreateDate: '2026-11-02 08:00:00' };
  await plant(pair.middle, 'CUST', { ...goodOpen(7), ...behind });
  if (trouble.manyAttributes === true) await groundOf(pair).manyAttributes();
  return trouble.begin();
}

/** Plants good opens of so many customers of their own. */
export async function plantOthers(pair: Pair, first: number, count: number): Promise<void> {
  for (let no = first; no < first + count; no += 1) await plant(pair.middle, 'CUST', goodOpen(no));
}
