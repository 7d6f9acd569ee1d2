import { Random } from '../../src/demo/platform/random.js';
import { rowName, type Observations } from '../fault/observations.js';
import { EventLoop } from './event-loop.js';
import { History } from './history.js';
import type { MiddleGuard } from './middle/scope.js';
import { MiddleTables } from './middle/tables.js';
import { Network, type NetworkObserver, type Server } from './network.js';
import { SimulatedPlatform } from './platform.js';
import type { Scenario, ServerRole } from './scenario.js';
import type { StoreGuard } from './store/server.js';
import { StoreTables, type StoreObserver } from './store/tables.js';
import { SimulationTrace } from './traces/simulation-trace.js';
import { SimulatedTroubles } from './troubles.js';

/** How a simulation differs from the system that it stands for. */
export interface WorldOptions {
  /** Rules that the databases do not keep. */
  readonly without?: ReadonlySet<MiddleGuard | StoreGuard>;
  /** Keep what happened, to be read. */
  readonly keepFacts?: boolean;
  /** Keep what both databases see, in its order. */
  readonly keepTrace?: boolean;
}

/** Statements whose loss counts most. */
const watchedStatements: ReadonlySet<string> = new Set(['claim', 'fence', 'commit', 'mark']);

/** Everything but the workers: virtual time, both databases, the network, and the platform. */
export class SimulatedSystem {
  readonly loop = new EventLoop();
  readonly history: History;
  readonly trace: SimulationTrace;
  readonly network: Network;
  readonly servers: Readonly<Record<ServerRole, Server>> = {
    middle: { name: 'middle', isDown: false, isCutOff: false },
    store: { name: 'store', isDown: false, isCutOff: false },
  };
  readonly middle: MiddleTables;
  readonly store: StoreTables;
  readonly platform: SimulatedPlatform;
  readonly troubles: SimulatedTroubles;
  /** Calls of handlers for poison rows, by `rowName`. */
  readonly poisonCalls = new Map<string, number>();
  /** How fast the slowest clock of a process ran. */
  slowestClock = 1;
  /** Whether servers end transactions that send nothing. */
  readonly endsIdle: boolean;
  /** What is done to a statement that is sent. */
  onSend: NetworkObserver['onSend'] = () => null;
  /** A statement has taken effect. */
  onEffect: NetworkObserver['onEffect'] = () => undefined;
  readonly #scenario: Scenario;
  /** How far the clocks of the servers are ahead now. */
  readonly #aheadMs: Record<ServerRole, number>;

  constructor(
    scenario: Scenario,
    { without = new Set(), keepFacts = false, keepTrace = false }: WorldOptions,
  ) {
    const { seed, settings, clockAheadMs } = scenario;
    const { loop } = this;
    this.#scenario = scenario;
    this.#aheadMs = { ...clockAheadMs };
    this.endsIdle = !without.has('idle transactions end');
    const history = new History(loop, keepFacts);
    this.history = history;
    const trace = new SimulationTrace(keepTrace, () => loop.now);
    this.trace = trace;
    this.network = new Network(loop, new Random(seed + 2), {
      onSend: (owner, statement) => this.onSend(owner, statement),
      onEffect: (...effect) => {
        this.onEffect(...effect);
      },
      onFate: (statement, fate) => {
        if (watchedStatements.has(statement)) history.count(`${statement}: ${fate}`);
      },
    });
    this.middle = new MiddleTables({
      now: () => loop.now + this.#aheadMs.middle,
      trueTime: () => loop.now,
      without: without as ReadonlySet<MiddleGuard>,
      onPoll: (actor, rows) => {
        trace.onPoll(actor, rows);
        history.polled(actor);
      },
      onChange: (change) => {
        trace.onChange(change);
        const { source, streamingNo, actor, from, to, dateAfter } = change;
        const states = `State ${from ?? 'none'} → ${to} (${dateAfter ?? 'no date'})`;
        history.tell(actor, `${source}:${streamingNo} ${states}`);
        if (to === 3) this.platform.failed({ source, streamingNo });
      },
    });
    this.store = new StoreTables({
      now: () => loop.now + this.#aheadMs.store,
      trueTime: () => loop.now,
      shards: settings.shards,
      observer: remarkedBy(history, trace),
      without: without as ReadonlySet<StoreGuard>,
    });
    const { middle: tables } = this;
    this.platform = new SimulatedPlatform({
      ...{ loop, tables, random: new Random(seed + 3), clockAheadMs: clockAheadMs.middle },
      ...{ hurry: scenario.hurry, tell: history.tell },
      onWritten: (rows) => {
        this.troubles.written(rows);
      },
    });
    this.troubles = new SimulatedTroubles(
      loop,
      { middle: tables, store: this.store },
      this.platform,
      history.tell,
    );
  }

  /** A server's clock is set. */
  setClock(role: ServerRole, byMs: number): void {
    this.#aheadMs[role] += byMs;
    this.history.disturb('a clock is set', 0);
    this.history.tell(role, `sets its clock by ${byMs} ms`);
  }

  /** Whether an alarm about a loss is open. */
  get hasAlarm(): boolean {
    return this.store.notes.openAlarms().length > 0;
  }

  /** What is known at the end, by the true time. */
  observations(): Observations {
    const { settings } = this.#scenario;
    const { store, middle } = this;
    const { userLimitAttrSpecId } = settings.rules;
    return {
      settings: {
        ...settings,
        slowestClock: this.slowestClock,
        rules: { ...settings.rules, userLimitAttrSpecId },
      },
      rows: this.platform.rows,
      troubles: this.troubles.ended,
      disturbances: this.history.disturbances,
      waits: this.history.waits,
      changes: middle.changes,
      decisions: store.decisions,
      lines: store.lines,
      leases: store.leases,
      finalRows: middle.finalRows(),
      finalAttributes: middle.finalAttributes(),
      journal: store.journal(),
      stored: store.stored(),
      poisonCalls: this.poisonCalls,
    };
  }
}

/** An observer of the store who notes what he sees for those who read the story. */
function remarkedBy(history: History, observer: StoreObserver): StoreObserver {
  return {
    onCommit: (decisions) => {
      observer.onCommit(decisions);
      for (const decision of decisions)
        history.remark(
          decision.worker,
          `decides ${rowName(decision)} (${decision.attempt}): ${decision.outcome}`,
        );
    },
    onLease: (change, term) => {
      observer.onLease(change, term);
      const { shard, owner } = change;
      if (owner === null) history.remark('store', `shard ${shard} is given back`);
      else history.remark(owner, `takes shard ${shard} (term ${term})`);
    },
    onFailOver: () => {
      observer.onFailOver();
    },
  };
}
