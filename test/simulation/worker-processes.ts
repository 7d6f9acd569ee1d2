import { Random } from '../../src/demo/platform/random.js';
import type { Handlers } from '../../src/worker/handlers.js';
import { breakerOpen } from '../fault/checker-troubles.js';
import { rowName } from '../fault/observations.js';
import { watchForBusyLoop } from './busy-loop.js';
import type { EventOwner } from './event-loop.js';
import { simulatedHandlers } from './handlers.js';
import { SimulatedMiddleDatabase } from './middle/middle-database.js';
import { longestHeldMs } from './network.js';
import type { Scenario, ServerRole } from './scenario.js';
import { SimulatedProductStore } from './store/product-store.js';
import type { SimulatedSystem } from './system.js';
import { WorkerProcess } from './worker-process.js';

/** How long after its end a process that ended by itself is started again. */
const restartMs = 1000;
/** How long workers may take to stop when nothing goes wrong. */
const stopWithinMs = 20_000;

/** The processes of workers, and whoever starts them again. */
export class WorkerProcesses {
  readonly #scenario: Scenario;
  readonly #system: SimulatedSystem;
  readonly #running = new Set<WorkerProcess>();
  /** By their workers' ids. */
  readonly #killed = new Set<string>();
  #started = 0;
  #isOver = false;

  constructor(scenario: Scenario, system: SimulatedSystem) {
    this.#scenario = scenario;
    this.#system = system;
  }

  /** Starts one. */
  start(): void {
    if (this.#isOver) return;
    this.#started += 1;
    const { settings, seed } = this.#scenario;
    const { loop, history } = this.#system;
    const process = new WorkerProcess({
      ...{ name: `worker ${this.#started}`, pid: this.#started, loop, settings },
      random: new Random(seed + 1000 * this.#started),
      middle: (own) =>
        new SimulatedMiddleDatabase(this.#system.middle, {
          ...{ link: this.#link(own, 'middle'), actor: `bnet-sync ${own.name}` },
          ...{ productIds: [], markAttributes: true, maxAttributes: settings.maxAttributes },
        }),
      store: (own) =>
        new SimulatedProductStore({
          ...{ tables: this.#system.store, link: this.#link(own, 'store'), leaseTtlMs: settings.leaseTtlMs },
        }),
      handlers: (own) => this.#handlers(own),
    });
    this.#system.slowestClock = Math.min(this.#system.slowestClock, process.clockRate);
    this.#running.add(process);
    history.tell(process.name, 'starts');
    this.#listen(process);
    process.worker.run().then(
      () => {
        this.#ended(process, null);
      },
      (error: unknown) => {
        this.#ended(process, error);
      },
    );
  }

  /** Something happens to one of those that run; `pick`, from 0 up to 1, says which. */
  disturb(what: 'stop' | 'kill' | 'freeze', pick: number, forMs: number): void {
    const running = [...this.#running].filter(({ isStopping }) => !isStopping);
    const process = running[Math.floor(pick * running.length)];
    if (process === undefined) return;
    if (what === 'stop') this.#stop(process);
    else if (what === 'kill') this.#kill(process, forMs);
    else this.#freeze(process, forMs);
  }

  /** The same for a process that is known. */
  strike(owner: EventOwner, what: 'kill' | 'freeze', forMs: number): void {
    if (!(owner instanceof WorkerProcess) || owner.isDead) return;
    if (what === 'kill') this.#kill(owner, forMs);
    else this.#freeze(owner, forMs);
  }

  /** A process that was frozen without an end goes on. */
  goOn(owner: EventOwner): void {
    if (!(owner instanceof WorkerProcess) || owner.isDead) return;
    const { loop, history } = this.#system;
    owner.frozenUntil = loop.now;
    loop.resume(owner);
    history.tell(owner.name, 'goes on');
  }

  /** Somebody is there to work. */
  ensureOne(): void {
    if (![...this.#running].some(({ isStopping }) => !isStopping)) this.start();
  }

  /** How often a process was killed while it tried this row alone, or was about to, by `rowName`. */
  get killedTrials(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const note of this.#system.store.notes.uncleared.values()) {
      if (!this.#killed.has(note.worker)) continue;
      counts.set(rowName(note), (counts.get(rowName(note)) ?? 0) + 1);
    }
    return counts;
  }

  /** Stops all; one that does not end is a failure. */
  async stopAll(): Promise<void> {
    this.#isOver = true;
    const { loop, history } = this.#system;
    for (const process of this.#running) process.stop();
    await loop.run(loop.now + stopWithinMs, () => this.#running.size === 0);
    for (const process of this.#running) {
      history.failures.push(`${process.name} does not stop`);
      process.isDead = true;
    }
  }

  #stop(process: WorkerProcess): void {
    const { loop, history } = this.#system;
    history.disturb('a worker stops', 0);
    history.tell(process.name, 'gets SIGTERM');
    process.stop();
    loop.schedule(restartMs, () => {
      this.start();
    });
  }

  #kill(process: WorkerProcess, forMs: number): void {
    const { loop, history, network } = this.#system;
    if (network.openSessions(process) > 0) history.count('killed within a transaction');
    this.#killed.add(process.worker.workerId);
    process.isDead = true;
    this.#running.delete(process);
    history.disturb('a process ends', forMs);
    history.tell(process.name, 'is killed');
    loop.schedule(forMs, () => {
      this.start();
    });
  }

  #freeze(process: WorkerProcess, forMs: number): void {
    const { loop, history, network } = this.#system;
    if (network.openSessions(process) > 0) history.count('frozen within a transaction');
    process.frozenUntil = loop.now + forMs;
    history.disturb('a worker stands still', Math.min(forMs, longestHeldMs));
    history.tell(process.name, forMs === Infinity ? 'stands still' : `stands still for ${forMs} ms`);
  }

  #link(process: WorkerProcess, role: ServerRole) {
    const { callTimeoutMs, leaseTtlMs } = this.#scenario.settings;
    const { network, servers, endsIdle } = this.#system;
    const idleTimeoutMs = endsIdle ? 0.6 * leaseTtlMs : Infinity;
    return network.link(process, servers[role], { callTimeoutMs, idleTimeoutMs });
  }

  #listen({ name: process, worker }: WorkerProcess): void {
    const { history, loop } = this.#system;
    watchForBusyLoop(worker, {
      now: () => loop.now,
      onBusy: (what) => history.failures.push(`${process} ${what}`),
    });
    for (const name of countedEvents)
      worker.on(name, () => {
        history.count(name);
        history.remark(process, name);
      });
    worker.on('waiting', ({ waits }) => {
      for (const { custId, remainingMs } of waits) history.wait(custId, remainingMs);
    });
    worker.on('breakerOpened', ({ delayMs }) => {
      history.disturb(breakerOpen, delayMs);
    });
  }

  #handlers(process: WorkerProcess): Handlers {
    const { poisonCalls, history } = this.#system;
    return simulatedHandlers({
      random: new Random(this.#scenario.seed + 1000 * this.#started + 1),
      poison: (row) => {
        const name = rowName(row);
        poisonCalls.set(name, (poisonCalls.get(name) ?? 0) + 1);
      },
      exit: () => {
        history.count('a handler ends its process');
        this.#kill(process, 300);
      },
    });
  }

  #ended(process: WorkerProcess, error: unknown): void {
    if (process.isDead) return;
    this.#running.delete(process);
    const { loop, history } = this.#system;
    history.tell(process.name, error === null ? 'ends' : `fails: ${String(error)}`);
    if (error === null && process.isStopping) return;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    history.failures.push(`${process.name} ended: ${error === null ? 'nobody had asked it to' : text}`);
    loop.schedule(restartMs, () => {
      this.start();
    });
  }
}

/** The number of a worker's process, from 1 in the order of their starts; null: it is none. */
export function numberOf(owner: EventOwner): number | null {
  return owner instanceof WorkerProcess ? owner.number : null;
}

/** Events of workers that show where a simulation has been. */
const countedEvents = [
  'leaseLost',
  'outage',
  'waiting',
  'rowsDeferred',
  'rowsLocked',
  'rowErrored',
  'errContentShortened',
  'alreadyJournalled',
  'contentChanged',
  'markConflict',
  'breakerOpened',
  'storeWentBack',
] as const;
