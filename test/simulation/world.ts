import process from 'node:process';
import { Random } from '../../src/demo/platform/random.js';
import { longestWaitMs } from '../fault/checker-troubles.js';
import { rowName, type Observations } from '../fault/observations.js';
import { Ambushes } from './ambushes.js';
import { simulationStart } from './event-loop.js';
import { goodNetwork } from './network.js';
import type { Scenario, ServerRole, Step } from './scenario.js';
import type { LostHistory, StoreSnapshot } from './store/tables.js';
import type { Fact } from './story.js';
import { SimulatedSystem, type WorldOptions } from './system.js';
import type { TraceEvent } from '../model/traces/trace-event.js';
import { WorkerProcesses } from './worker-processes.js';

/** What came of a simulation. */
export interface Outcome {
  readonly observations: Observations;
  /** What must not happen to a process, in words. */
  readonly failures: readonly string[];
  /** What the store lost when it failed over; null: it did not, or lost nothing. */
  readonly loss: Loss | null;
  /** How often a process was killed while it tried this row alone, or was about to, by `rowName`. */
  readonly killedTrials: ReadonlyMap<string, number>;
  readonly facts: readonly Fact[];
  /** What both databases saw; empty where it was not asked for. */
  readonly trace: readonly TraceEvent[];
  /** When each session polled the middle database, by its name. */
  readonly polls: ReadonlyMap<string, readonly number[]>;
  /** How often things happened, by name: events of workers, and what the world did. */
  readonly counts: ReadonlyMap<string, number>;
  readonly events: number;
  readonly hash: number;
}

/** A fail-over to a state of the store that is older. */
export interface Loss extends LostHistory {
  /** By the true time. */
  readonly at: number;
  /** An alarm was open at the end. */
  readonly isAlarmOpen: boolean;
}

/** How long everything may take to end once nothing goes wrong any more. */
const endWithinMs = 240_000;
/** How long a loss may stay unnoticed then. */
const noticeWithinMs = 30_000;

/** A system, its workers, and what happens to them. One instance plays one scenario. */
export class World {
  readonly #scenario: Scenario;
  readonly #system: SimulatedSystem;
  readonly #processes: WorkerProcesses;
  readonly #ambushes: Ambushes;
  readonly #snapshots = new Map<Step, StoreSnapshot>();
  #loss: Omit<Loss, 'isAlarmOpen'> | null = null;

  constructor(scenario: Scenario, options: WorldOptions = {}) {
    this.#scenario = scenario;
    this.#system = new SimulatedSystem(scenario, options);
    this.#processes = new WorkerProcesses(scenario, this.#system);
    const { loop, history } = this.#system;
    this.#ambushes = new Ambushes({
      ...{ loop, history, processes: this.#processes },
      schedule: (step) => {
        this.#schedule(step);
      },
    });
    this.#system.onSend = (owner, statement) => this.#ambushes.sent(owner, statement);
    this.#system.onEffect = (...effect) => {
      this.#ambushes.arrived(...effect);
    };
  }

  /** Plays the scenario to its end. What is thrown where nobody catches it, a process would not have survived: a failure. */
  async play(): Promise<Outcome> {
    const fail = (error: unknown): void => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#system.history.failures.push(`an error that nobody caught: ${text}`);
    };
    process.on('unhandledRejection', fail);
    try {
      await this.#play();
    } catch (error) {
      fail(error);
    } finally {
      process.off('unhandledRejection', fail);
    }
    return this.#outcome();
  }

  async #play(): Promise<void> {
    this.#begin();
    await this.#system.loop.run(simulationStart + this.#scenario.calmAtMs);
    this.#calmDown();
    await this.#end();
    await this.#processes.stopAll();
  }

  #begin(): void {
    const { seed, workers, steps, network, calmAtMs } = this.#scenario;
    const { loop, history } = this.#system;
    const random = new Random(seed + 1);
    this.#system.network.quality = network;
    if (Object.values(network).some((probability) => probability > 0))
      history.disturb('a bad network', calmAtMs);
    for (let index = 0; index < workers; index += 1)
      loop.schedule(random.between(0, 50), () => {
        this.#processes.start();
      });
    for (const step of steps) this.#schedule(step);
  }

  #schedule(step: Step): void {
    const { loop, store } = this.#system;
    if (step.kind === 'fail over')
      loop.schedule(step.atMs - step.lostMs, () => {
        this.#snapshots.set(step, store.snapshot());
      });
    loop.schedule(step.atMs, () => {
      this.#take(step);
    });
  }

  #take(step: Step): void {
    const { platform, troubles, history } = this.#system;
    history.count(step.kind);
    switch (step.kind) {
      case 'write':
        platform.write(step.transaction);
        return;
      case 'ambush':
        this.#ambushes.lay(step);
        return;
      case 'upon':
        this.#ambushes.await(step);
        return;
      case 'edit':
        platform.edit(step.pick, step.content);
        return;
      case 'other hands':
        platform.finishByOthers(step.row, step.forMs);
        return;
      case 'put back':
        platform.putBack(step.pick, step.seed, step.exactly);
        return;
      case 'old attempt':
        this.#restoreAttempt(step);
        return;
      case 'trouble':
        troubles.begin(step);
        return;
      case 'start':
        this.#processes.start();
        return;
      case 'stop':
        this.#processes.disturb('stop', step.pick, 0);
        return;
      case 'kill':
      case 'freeze':
        this.#processes.disturb(step.kind, step.pick, step.forMs);
        return;
      case 'restart':
      case 'cut off':
        this.#failServer(step.server, step.kind, step.forMs);
        return;
      case 'set clock':
        this.#system.setClock(step.server, step.byMs);
        return;
      case 'pause':
        this.#pause(step.pick, step.forMs);
        return;
      case 'fail over':
        this.#failOver(step);
        return;
    }
  }

  #failServer(role: ServerRole, kind: 'restart' | 'cut off', forMs: number): void {
    const { loop, history, servers, store } = this.#system;
    const server = servers[role];
    const fault = kind === 'restart' ? 'isDown' : 'isCutOff';
    if (server[fault]) return;
    server[fault] = true;
    if (kind === 'restart' && role === 'store') store.restart();
    history.disturb(`${role}: ${kind}`, forMs);
    history.tell(role, kind === 'restart' ? 'goes down' : 'cannot be reached');
    loop.schedule(forMs, () => {
      server[fault] = false;
      history.tell(role, 'can be reached again');
    });
  }

  #pause(pick: number, forMs: number): void {
    const { loop, history, store } = this.#system;
    const target = pausable[Math.floor(pick * pausable.length)];
    if (target === undefined || !store.pause(target)) return;
    history.disturb('a pause', forMs);
    history.tell('an operator', `pauses ${JSON.stringify(target)}`);
    loop.schedule(forMs, () => {
      if (store.resume(target)) history.tell('an operator', `resumes ${JSON.stringify(target)}`);
    });
  }

  /**
   * A row that was corrected and applied comes back with its failed attempt, as an older middle database restored has it: one
   * of a customer whose rows nothing is wrong with, for a restore knows no locks and no rules.
   */
  #restoreAttempt({ pick, withContent = false }: OldAttemptStep): void {
    const { history, store, middle, troubles, platform } = this.#system;
    const { customers } = troubles;
    const entries = store.journal();
    const applied = new Set(
      entries.filter(({ superseded, outcome }) => !superseded && outcome === 'applied').map(rowName),
    );
    const old = entries.filter((entry) => {
      const row = middle.row(entry);
      const isFree = row?.state === 2 && !customers.has(row.custId);
      return entry.superseded && entry.outcome === 'failed' && applied.has(rowName(entry)) && isFree;
    });
    const entry = old[Math.floor(pick * old.length)];
    if (entry === undefined) return;
    middle.transaction('restore', (transaction) => {
      const content = withContent ? platform.contentOf(entry) : {};
      transaction.change(entry, { state: 1, stateDate: entry.attempt, ...content });
    });
    history.count('an old attempt comes back');
  }

  #failOver(step: FailOverStep): void {
    const snapshot = this.#snapshots.get(step);
    if (snapshot === undefined) return;
    const { loop, history, store } = this.#system;
    const lost = store.failOver(snapshot, step);
    history.disturb('the store fails over', 0);
    history.tell('store', `fails over and loses ${lost.decisions.length} decisions`);
    if (lost.decisions.length === 0) return;
    history.count('commits lost');
    this.#loss = { ...lost, at: loop.now };
  }

  /** Nothing goes wrong any more, and somebody is there to work. */
  #calmDown(): void {
    const { network, servers, store, history } = this.#system;
    network.quality = goodNetwork;
    this.#ambushes.clear();
    for (const server of Object.values(servers)) Object.assign(server, { isDown: false, isCutOff: false });
    for (const target of pausable) store.resume(target);
    history.tell('everything', 'is calm from now on');
    this.#processes.ensureOne();
  }

  /** A loss is found at the latest when somebody takes the shard over, or asks for his own commits. */
  async #end(): Promise<void> {
    const { loop, middle, platform, troubles } = this.#system;
    const isDone = (): boolean => middle.openRows === 0 && platform.open === 0;
    const othersUntil = loop.now + longestWaitMs;
    while (!isDone() && this.#othersAreOpen() && loop.now < othersUntil)
      await loop.run(loop.now + 1000, isDone);
    troubles.lift();
    if (this.#loss === null) await loop.run(loop.now + endWithinMs, isDone);
    else await loop.run(loop.now + noticeWithinMs, () => this.#system.hasAlarm);
  }

  /** Whether a row is open whose customer has no trouble. */
  #othersAreOpen(): boolean {
    const { middle, troubles } = this.#system;
    const { customers } = troubles;
    return (
      customers.size > 0 &&
      middle.rows.some(({ state, custId }) => (state ?? 2) < 2 && !customers.has(custId))
    );
  }

  #outcome(): Outcome {
    const { loop, history, trace, hasAlarm } = this.#system;
    return {
      observations: this.#system.observations(),
      failures: history.failures,
      loss: this.#loss === null ? null : { ...this.#loss, isAlarmOpen: hasAlarm },
      killedTrials: this.#processes.killedTrials,
      facts: history.facts,
      trace: trace.events,
      polls: history.polls,
      counts: history.counts,
      events: loop.events,
      hash: loop.hash,
    };
  }
}

type OldAttemptStep = Extract<Step, { kind: 'old attempt' }>;
type FailOverStep = Extract<Step, { kind: 'fail over' }>;

/** What an operator pauses. */
const pausable = [{ source: 'CUST' }, { source: 'ACCOUNT' }] as const;
