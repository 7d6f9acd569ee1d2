import { writeFile } from 'node:fs/promises';
import { showProgress } from '../../src/cli/progress.js';
import { asText } from '../bench/report/print.js';
import { ablations, switchedOff } from './ablations.js';
import { helpText, readArguments, readJson, UsageError, type Arguments } from './arguments.js';
import { neverReached } from './coverage.js';
import { playBlocks, Player, type Block } from './crew.js';
import { RunRecord } from './run-record.js';
import { drawScenario, type Scenario } from './scenario.js';
import { playScenario, playSeed, type SeedResult } from './seeds.js';
import { shrink } from './shrink.js';
import { storyOf } from './story.js';

const seedsInBlock = 25;
const shownFailures = 10;

/** Does what the command line asks for; resolves to the exit code. */
export async function simulate(args: readonly string[]): Promise<number> {
  try {
    const asked = readArguments(args);
    switch (asked.what) {
      case 'help':
        console.log(helpText);
        return 0;
      case 'tell':
        return await tell(asked);
      case 'shrink':
        return await shorten(asked);
      case 'ablations':
        return await tryAblations(asked);
      case 'run':
        return await run(asked);
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
}

/** Plays the blocks that a parent process sends; stacks of errors, which take a sixth of the time, it does not send. */
export function playForParent(): void {
  Error.stackTraceLimit = 0;
  process.on('message', (block: Block) => {
    void playBlock(block).then((results) => process.send?.(results));
  });
}

async function playBlock({ from, seeds, without, untilBroken }: Block): Promise<readonly SeedResult[]> {
  const { rules } = switchedOff(without);
  const results: SeedResult[] = [];
  for (let seed = from; seed < from + seeds; seed += 1) {
    const result = await playSeed(seed, { without: rules });
    results.push(result);
    if (untilBroken && result.kinds.length > 0) break;
  }
  return results;
}

async function run({ from, seeds, processes, without, minutes, resume }: Asked<'run'>): Promise<number> {
  const record = await RunRecord.open(resume, { from, without });
  const start = performance.now();
  const progress = showProgress('simulation', seeds);
  let next = record.next;
  await playBlocks(processes, without, {
    next: () => {
      const isLate = performance.now() - start > minutes * 60_000;
      const left = from + seeds - next;
      if (left <= 0 || isLate) return null;
      const block = { from: next, seeds: Math.min(seedsInBlock, left) };
      next += block.seeds;
      return block;
    },
    done: (results) => {
      record.add(results, (performance.now() - start) / 1000);
      const { failures, played } = record.state;
      progress.show(played, `${record.rate.toFixed(1)} seeds a second, ${failures.length} broken`);
    },
  });
  progress.end();
  await record.save();
  return report(record, without);
}

function report({ state, rate }: RunRecord, without: readonly string[]): number {
  const { played, events, hash, failures, counts } = state;
  const rows = Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([what, count]) => [what, count.toLocaleString('en')]);
  console.log(asText([{ title: 'How often things happened', head: ['what', 'count'], rows, notes: [] }]));
  const missing = without.length === 0 ? neverReached(state) : [];
  if (missing.length > 0) console.log(`Never happened, and must: ${missing.join('; ')}`);
  for (const { seed, kinds } of failures.slice(0, shownFailures))
    console.log(`seed ${seed} breaks: ${kinds.join(', ')} (npm run test:simulation -- --tell ${seed})`);
  if (failures.length > shownFailures) console.log(`and ${failures.length - shownFailures} more`);
  console.log(
    `${played.toLocaleString('en')} seeds, ${events.toLocaleString('en')} events (hash ${hash.toString(16)}), ` +
      `${rate.toFixed(1)} seeds a second, ${failures.length} broken`,
  );
  return failures.length + missing.length === 0 ? 0 : 1;
}

async function tell({ scenario: source, without }: Asked<'tell'>): Promise<number> {
  const scenario = 'seed' in source ? drawScenario(source.seed) : await readScenario(source.file);
  const { rules } = switchedOff(without);
  const { outcome, kinds, text } = await playScenario(scenario, { without: rules, keepFacts: true });
  console.log(storyOf(outcome.facts));
  console.log(kinds.length === 0 ? 'No promise was broken.' : text);
  console.log(`${outcome.events} events, hash ${outcome.hash.toString(16).padStart(8, '0')}`);
  return kinds.length === 0 ? 0 : 1;
}

async function readScenario(file: string): Promise<Scenario> {
  const scenario = (await readJson(file)) as Partial<Scenario> | null;
  if (scenario?.steps === undefined)
    throw new UsageError(`${file} holds no scenario: --tell takes a seed, or a file that --shrink made`);
  return scenario as Scenario;
}

async function shorten({ seed, without }: Asked<'shrink'>): Promise<number> {
  const { rules } = switchedOff(without);
  const progress = showProgress('shrinking', Infinity);
  const shortest = await shrink(drawScenario(seed), { without: rules }, (played, steps) => {
    progress.show(played, `${steps} steps left`);
  });
  progress.end();
  const file = `simulation-${seed}.json`;
  await writeFile(file, `${JSON.stringify(shortest, null, 2)}\n`);
  const { outcome, kinds, text } = await playScenario(shortest, { without: rules, keepFacts: true });
  console.log(storyOf(outcome.facts));
  console.log(kinds.length === 0 ? 'No promise was broken.' : text);
  console.log(`Kept in ${file}.`);
  return kinds.length === 0 ? 0 : 1;
}

/** Each guard is switched off in processes of its own, until a seed shows it. */
async function tryAblations({ only, from, seeds, processes }: Asked<'ablations'>): Promise<number> {
  const chosen = ablations.filter(({ name }) => only.length === 0 || only.includes(name));
  const queue = [...chosen];
  const found: string[][] = [];
  let unnoticed = 0;
  const progress = showProgress('guards switched off', chosen.length);
  const work = async (): Promise<void> => {
    for (let ablation = queue.shift(); ablation !== undefined; ablation = queue.shift()) {
      const player = new Player([ablation.name]);
      try {
        const first = await firstBroken(player, from, seeds);
        if (first === null) unnoticed += 1;
        const where =
          first === null
            ? ['-', `NOT NOTICED in ${seeds} seeds`]
            : [String(first.seed), first.kinds.join(', ')];
        found.push([ablation.name, ...where]);
        progress.show(found.length, `${ablation.name}: ${where.join(' ')}`);
      } finally {
        player.close();
      }
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
  progress.end();
  found.sort(
    (a, b) => chosen.findIndex(({ name }) => name === a[0]) - chosen.findIndex(({ name }) => name === b[0]),
  );
  console.log(
    asText([
      { title: 'Guards switched off', head: ['guard', 'first seed', 'what breaks'], rows: found, notes: [] },
    ]),
  );
  return unnoticed === 0 ? 0 : 1;
}

async function firstBroken(player: Player, from: number, seeds: number): Promise<SeedResult | null> {
  for (let seed = from; seed < from + seeds; seed += seedsInBlock) {
    const results = await player.play({ from: seed, seeds: seedsInBlock, untilBroken: true });
    const broken = results.find(({ kinds }) => kinds.length > 0);
    if (broken !== undefined) return broken;
  }
  return null;
}

type Asked<What extends Arguments['what']> = Extract<Arguments, { what: What }>;
