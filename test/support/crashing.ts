import type { ClaimRequest, Mark, MiddleDatabase, PollRequest } from '../../src/middle/port.js';
import type { ApplyTransaction, LeaseStore, ProductStore, CrashLog } from '../../src/store/port.js';
import type { GuardStore } from '../../src/store/guard-port.js';
import type { Dependencies } from '../../src/domain/waiting.js';
import type { RowKey } from '../../src/domain/keys.js';

/** The process is dead: nothing it asks for happens any more. */
export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';
}

/**
 * A process that dies at its n-th call to a database, before the call takes effect or after it: its ports work until
 * then and never again. So every window between two calls can be reached without a real process.
 */
export class MortalProcess {
  #callsLeft: number;
  readonly #afterEffect: boolean;
  #dead = false;

  constructor(calls: number, afterEffect: boolean) {
    this.#callsLeft = calls;
    this.#afterEffect = afterEffect;
  }

  get died(): boolean {
    return this.#dead;
  }

  middle(real: MiddleDatabase): MiddleDatabase {
    return {
      poll: (request: PollRequest) => this.#call(() => real.poll(request)),
      claim: (requests: readonly ClaimRequest[]) => this.#call(() => real.claim(requests)),
      mark: (marks: readonly Mark[]) => this.#call(() => real.mark(marks)),
      now: () => this.#call(() => real.now()),
      claimedUntil: (request) => this.#call(() => real.claimedUntil(request)),
      latestFinished: (request) => this.#call(() => real.latestFinished(request)),
      createdAhead: () => this.#call(() => real.createdAhead()),
      hasOpenRows: (except) => this.#call(() => real.hasOpenRows(except)),
      lockHolders: (keys) => this.#call(() => real.lockHolders(keys)),
      ping: () => this.#call(() => real.ping()),
      close: () => real.close(),
    };
  }

  store(real: ProductStore): ProductStore {
    return {
      leases: this.#leases(real.leases),
      crashLog: this.#trials(real.crashLog),
      deferrals: {
        put: (requests) => this.#call(() => real.deferrals.put(requests)),
        end: (keys) => this.#call(() => real.deferrals.end(keys)),
      },
      guard: this.#guard(real.guard),
      readBeforeClaim: (keys: readonly RowKey[], dependencies: Dependencies) =>
        this.#call(() => real.readBeforeClaim(keys, dependencies)),
      apply: (leases, work) =>
        this.#call(() => real.apply(leases, (transaction) => work(this.#within(transaction)))),
      ping: () => this.#call(() => real.ping()),
      close: () => real.close(),
    };
  }

  #within(real: ApplyTransaction): ApplyTransaction {
    return {
      at: real.at,
      journal: (attempts) => this.#call(() => real.journal(attempts)),
      snapshot: (request) => this.#call(() => real.snapshot(request)),
      write: (changes) => this.#call(() => real.write(changes)),
      record: (records, superseding) => this.#call(() => real.record(records, superseding)),
      nested: (work, limitMs) => this.#call(() => real.nested(work, limitMs)),
    };
  }

  #leases(real: LeaseStore): LeaseStore {
    return {
      register: (worker, sharedSettings) => this.#call(() => real.register(worker, sharedSettings)),
      renewAndAcquire: () => this.#call(() => real.renewAndAcquire()),
      compared: (leases) => this.#call(() => real.compared(leases)),
      releaseShards: (shards) => this.#call(() => real.releaseShards(shards)),
      release: () => this.#call(() => real.release()),
    };
  }

  #guard(real: GuardStore): GuardStore {
    return {
      origins: () => this.#call(() => real.origins()),
      outcomes: (keys) => this.#call(() => real.outcomes(keys)),
      heldShards: (shards) => this.#call(() => real.heldShards(shards)),
      openAlarms: () => this.#call(() => real.openAlarms()),
      raise: (alarmId, evidence) => this.#call(() => real.raise(alarmId, evidence)),
      isClosed: (alarmId) => this.#call(() => real.isClosed(alarmId)),
      addOrigins: (origins) => this.#call(() => real.addOrigins(origins)),
      forgetCommits: () => {
        real.forgetCommits();
      },
    };
  }

  #trials(real: CrashLog): CrashLog {
    return {
      crashCounts: (attempts) => this.#call(() => real.crashCounts(attempts)),
      begin: (attempt) => this.#call(() => real.begin(attempt)),
      clear: (attempt) => this.#call(() => real.clear(attempt)),
      forget: (key) => this.#call(() => real.forget(key)),
    };
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    this.#live();
    this.#callsLeft -= 1;
    const last = this.#callsLeft <= 0;
    if (last && !this.#afterEffect) this.#dead = true;
    this.#live();
    const result = await call();
    if (last) this.#dead = true;
    this.#live();
    return result;
  }

  #live(): void {
    if (this.#dead) throw new ProcessDied('the process is dead');
  }
}
