import type { BenchServer } from '../bench-server.js';
import type { Claims, Contestant } from '../contestants/contestant.js';
import { createMiddle, createStore, closing, loadMessages, openForLoading } from '../loads/build.js';
import type { Mix } from '../loads/mixes.js';
import { middleContent, storeContent, type Content } from '../measure/content.js';
import { startMeter, type Cost } from '../measure/meter.js';

/** What one run of one contestant came to. */
export interface RunResult {
  readonly rows: number;
  /** From its start to the commit of the last mark. */
  readonly seconds: number;
  readonly rowsPerSecond: number;
  /** The whole process, its start and its end included; null where it has none of its own. */
  readonly processSeconds: number | null;
  readonly peakRssBytes: number | null;
  /** Of both databases; those of a contestant in one database stand under `one`. */
  readonly statementsPer1000: Readonly<Record<string, number>>;
  readonly blocksPerRow: Readonly<Record<string, number>>;
  readonly walBytesPerRow: number;
  readonly claims: Claims | null;
}

/** The templates of a mix; made on the first use, outside of what is measured. */
export interface Templates {
  readonly middle: string;
  readonly store: string;
  readonly one: string;
}

/** Makes the templates of a mix. */
export async function templatesOf(
  server: BenchServer,
  mix: Mix,
  { rows, onProgress }: { rows: number; onProgress: (rows: number) => void },
): Promise<Templates> {
  const name = mix.name.replaceAll(/[^a-z0-9]+/g, '_');
  const middle = await server.template(`${name}_${rows}_middle`, async (access) => {
    await createMiddle(access);
    await closing(openForLoading(access), (database) =>
      loadMessages(database, mix.messages(rows), { onProgress }),
    );
  });
  const store = await server.template('store', createStore);
  const one = await server.template(`${name}_${rows}_one`, createStore, middle);
  return { middle, store, one };
}

/** A contestant did not do what the others did. */
export class UnequalWorkError extends Error {
  override readonly name = 'UnequalWorkError';
}

/** One run of a contestant on fresh copies of the templates. */
export async function runOnce(
  server: BenchServer,
  contestant: Contestant,
  { templates, mix, rows, onProgress, look, readsContent = true }: RunOptions,
): Promise<{ result: RunResult; content: Content }> {
  const copies = await copiesFor(server, contestant, templates);
  const arena = {
    middle: server.access(copies.middle),
    store: server.access(copies.store),
    rows,
    ordered: mix.ordered,
    onProgress,
  };
  try {
    await contestant.prepare?.(arena);
    const readMeter = await startMeter(server, [copies.middle, copies.store]);
    const effort = await contestant.run(arena);
    const cost = await readMeter();
    await requireAllDone(server, copies.middle, contestant);
    await look?.(copies, effort.startedAt);
    const content = readsContent ? await contentOf(server, copies) : {};
    const seconds = ((await lastMarkAt(server, copies.middle)) - effort.startedAt) / 1000;
    const result = {
      rows,
      seconds,
      rowsPerSecond: rows / seconds,
      processSeconds: effort.processMs === undefined ? null : effort.processMs / 1000,
      peakRssBytes: effort.peakRssBytes ?? null,
      ...perRow(cost, copies, rows),
      claims: effort.claims ?? null,
    };
    return { result, content };
  } finally {
    await server.drop([copies.middle, copies.store]);
  }
}

interface RunOptions {
  /** Whether to read what is left behind, which takes long for a million rows. Default: true. */
  readonly readsContent?: boolean;
  readonly mix: Mix;
  readonly templates: Templates;
  readonly rows: number;
  readonly onProgress: (rows: number) => void;
  /** Looks at the databases after the run, before they are deleted; `startedAt` in ms since the epoch. */
  readonly look?: (copies: Copies, startedAt: number) => Promise<void>;
}

/** Names of the databases of one run. */
export interface Copies {
  readonly middle: string;
  readonly store: string;
}

async function copiesFor(server: BenchServer, contestant: Contestant, templates: Templates): Promise<Copies> {
  if (contestant.databases === 'one') {
    const one = await server.copyOf(templates.one);
    return { middle: one, store: one };
  }
  return { middle: await server.copyOf(templates.middle), store: await server.copyOf(templates.store) };
}

function perRow(cost: Cost, copies: Copies, rows: number) {
  const names = copies.middle === copies.store ? { one: copies.middle } : { ...copies };
  const of = (key: 'statements' | 'blocks', per: number) =>
    Object.fromEntries(
      Object.entries(names).map(([name, database]) => [
        name,
        ((cost.byDatabase[database]?.[key] ?? 0) / rows) * per,
      ]),
    );
  return {
    statementsPer1000: of('statements', 1000),
    blocksPerRow: of('blocks', 1),
    walBytesPerRow: cost.walBytes / rows,
  };
}

/** Fails where a row is still in State 0 or 1. */
async function requireAllDone(server: BenchServer, database: string, contestant: Contestant): Promise<void> {
  const { rows } = await server.inDatabase(database, (client) =>
    client.query<{ open: string }>(
      `SELECT (SELECT count(*) FROM IF_BNET_CUST WHERE State IN (0, 1))
            + (SELECT count(*) FROM IF_BNET_ACCOUNT WHERE State IN (0, 1)) AS open`,
    ),
  );
  if (Number(rows[0]?.open) > 0)
    throw new UnequalWorkError(`${contestant.name} left ${rows[0]?.open} rows undone`);
}

async function contentOf(server: BenchServer, copies: Copies): Promise<Content> {
  const middle = await server.inDatabase(copies.middle, middleContent);
  const store = await server.inDatabase(copies.store, storeContent);
  return { ...middle, ...store };
}

/** When the last row got its State 2 or 3, in ms since the epoch, by the server's clock, which is ours. */
async function lastMarkAt(server: BenchServer, database: string): Promise<number> {
  const { rows } = await server.inDatabase(database, (client) =>
    client.query<{ at: string | null }>(
      `SELECT extract(epoch FROM max(pg_xact_commit_timestamp(xmin))) * 1000 AS at
       FROM (SELECT xmin FROM IF_BNET_CUST WHERE State IN (2, 3)
             UNION ALL SELECT xmin FROM IF_BNET_ACCOUNT WHERE State IN (2, 3)) AS marked`,
    ),
  );
  return Number(rows[0]?.at);
}
