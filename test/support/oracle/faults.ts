/* Faults on demand: what goes wrong, where, and how often. */

/** Where in the dialogue a fault strikes. `commit` is the call as well as the commit that a statement brings along. */
export type FaultPoint = 'login' | 'execute' | 'fetch' | 'commit' | 'rollback' | 'ping';

/**
 * What happens: the connection is reset (RST) or closed (FIN); the server falls silent for good with the socket left
 * open; it answers late; it answers with an error of Oracle instead.
 */
export type FaultAction =
  | { readonly kind: 'reset' | 'close' }
  /** `deaf`: it does not notice either that the client goes, and keeps its locks until `cutConnections` or `stop`. */
  | { readonly kind: 'silence'; readonly deaf?: boolean }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'error'; readonly number: number; readonly text?: string };

export interface Fault {
  readonly at: FaultPoint;
  /** `after`: the work is done, and done for good where it was a commit, and the answer is lost. Default `before`. */
  readonly phase?: 'before' | 'after';
  readonly action: FaultAction;
  /** Only statements that match. */
  readonly sql?: RegExp;
  /** How many occasions to let pass first. Default 0. */
  readonly skip?: number;
  /** How often to strike. Default 1. */
  readonly times?: number;
}

/** A fault that was planted. */
export interface PlantedFault {
  /** How often it has struck. */
  readonly hits: number;
  /** Resolves when it strikes for the first time. */
  readonly struck: Promise<void>;
  remove(): void;
}

/** What a new connection meets: nothing wrong, a reset, the listener's refusal (ORA-12514), or silence. */
export type ListenerBehaviour = 'accept' | 'reset' | 'refuse' | 'silence';

/** An occasion for a fault. */
export interface Occasion {
  readonly at: FaultPoint;
  readonly phase: 'before' | 'after';
  readonly sql?: string;
}

class Planted implements PlantedFault {
  hits = 0;
  readonly struck: Promise<void>;
  readonly #fault: Fault;
  readonly #faults: Set<Planted>;
  #passed = 0;
  #strike: () => void = () => {};

  constructor(fault: Fault, faults: Set<Planted>) {
    this.#fault = fault;
    this.#faults = faults;
    this.struck = new Promise((resolve) => {
      this.#strike = resolve;
    });
  }

  /** The action, if this is its occasion. */
  meet({ at, phase, sql }: Occasion): FaultAction | undefined {
    const fault = this.#fault;
    if (fault.at !== at || (fault.phase ?? 'before') !== phase) return undefined;
    if (fault.sql !== undefined && fault.sql.exec(sql ?? '') === null) return undefined;
    if (this.#passed++ < (fault.skip ?? 0)) return undefined;
    this.hits++;
    if (this.hits >= (fault.times ?? 1)) this.remove();
    this.#strike();
    return fault.action;
  }

  remove(): void {
    this.#faults.delete(this);
  }
}

/** The faults of one stand-in. */
export class Faults {
  readonly #planted = new Set<Planted>();
  /** What connections meet from now on. */
  listener: ListenerBehaviour = 'accept';
  /** The form in which the server says that it keeps the passwords. */
  verifier: '12C' | '10G' = '12C';

  plant(fault: Fault): PlantedFault {
    const planted = new Planted(fault, this.#planted);
    this.#planted.add(planted);
    return planted;
  }

  /** Takes every fault away, and lets connections in again. */
  clear(): void {
    this.#planted.clear();
    this.listener = 'accept';
    this.verifier = '12C';
  }

  /** The first planted fault whose occasion this is strikes. */
  meet(occasion: Occasion): FaultAction | undefined {
    for (const planted of this.#planted) {
      const action = planted.meet(occasion);
      if (action !== undefined) return action;
    }
    return undefined;
  }
}

/** What has happened at a stand-in since it was started, or since `reset()`. */
export class Counters {
  connectionAttempts = 0;
  logins = 0;
  refusedLogins = 0;
  /** Requests after the login, each of which the client waits for. */
  roundTrips = 0;
  /** Executions; one of many rows is one. */
  statements = 0;
  /** Rows bound by those executions. */
  boundRows = 0;
  commits = 0;
  rollbacks = 0;
  /** Texts of the executed statements, in order. */
  readonly texts: string[] = [];

  reset(): void {
    this.connectionAttempts = 0;
    this.logins = 0;
    this.refusedLogins = 0;
    this.roundTrips = 0;
    this.statements = 0;
    this.boundRows = 0;
    this.commits = 0;
    this.rollbacks = 0;
    this.texts.length = 0;
  }
}
