import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { CheckQueue } from './check-queue.js';
import { clientNetwork } from './client-network.js';
import { TooManyRequestsError } from './errors.js';
import { decoyHash, verifyPassword } from './password.js';
import type { Role } from './console-port.js';
import { WrongTries } from './wrong-tries.js';

/*
 * Passwords are checked by scrypt, in a queue with bounds. Wrong ones are counted by name and address, so that no stranger
 * can keep a person from logging in: ten of a name from one address in a minute are enough, and twenty of all names. An
 * address from which a name has logged in before has a larger limit, and is not concerned by what else comes from it
 * (colleagues, or a proxy, may have the same one). A try is counted before it is checked, and taken back if it was right:
 * a thousand at once are no way around the limit.
 */

/** A user who may log in (`http.users`). */
export interface ConfiguredUser {
  readonly name: string;
  readonly passwordHash: string;
  readonly role: Role;
}

/** Who logged in. */
export interface User {
  readonly name: string;
  readonly role: Role;
}

/** A login that succeeded. */
export interface Login {
  readonly user: User;
  /** The name had not logged in from this address since the server started. */
  readonly isFirst: boolean;
}

/** What a request wants to log in with. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
  /** The client's address. */
  readonly address: string;
}

/** How many wrong passwords a minute are allowed. */
const wrongAMinute = { pair: 10, knownPair: 100, address: 20 } as const;
/** How long a name with its password is known again without hashing, for scripts that send both with every request. */
const rememberedMs = 60_000;
/** More pairs of name and address than this push out those that logged in longest ago. */
const mostKnown = 1000;

/** Knows the configured users by their passwords. */
export class Users {
  readonly #byName: ReadonlyMap<string, ConfiguredUser>;
  readonly #queue = new CheckQueue();
  readonly #wrong: WrongTries;
  /** Pairs of name and address that have logged in, the latest last. */
  readonly #known = new Set<string>();
  /** Checks that are under way: the same credentials from the same address are checked once. */
  readonly #underWay = new Map<string, Promise<Login | null>>();
  readonly #remembered = new Map<string, { readonly digest: Buffer; readonly until: number }>();
  readonly #key = randomBytes(32);

  constructor(
    users: readonly ConfiguredUser[],
    private readonly now: () => number,
    private readonly verify: typeof verifyPassword = verifyPassword,
  ) {
    this.#byName = new Map(users.map((user) => [user.name, user]));
    this.#wrong = new WrongTries(now);
  }

  /** Whether any user can log in. */
  get configured(): boolean {
    return this.#byName.size > 0;
  }

  /**
   * The login of that name and password; null where there is none. Takes as long for names that are not known.
   * TooManyFault past a limit of wrong passwords, BusyFault where too many checks wait: the password is not looked at then.
   */
  async authenticate(credentials: Credentials): Promise<Login | null> {
    const remembered = this.#recall(credentials);
    if (remembered !== null) return { user: remembered, isFirst: this.#makeKnown(pairOf(credentials)) };
    const { name, password, address } = credentials;
    const id = this.#digest(JSON.stringify([name, password, address])).toString('base64');
    const underWay = this.#underWay.get(id);
    if (underWay !== undefined) return underWay.then((login) => login && { ...login, isFirst: false });
    const check = this.#check(credentials).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, check);
    return check;
  }

  async #check(credentials: Credentials): Promise<Login | null> {
    const { name, password, address } = credentials;
    const [network, pair] = [clientNetwork(address), pairOf(credentials)];
    const known = this.#known.has(pair);
    const limits = known
      ? ([[pair, wrongAMinute.knownPair]] as const)
      : ([
          [pair, wrongAMinute.pair],
          [network, wrongAMinute.address],
        ] as const);
    const seconds = Math.max(...limits.map(([key, limit]) => this.#wrong.secondsToWait(key, limit)));
    if (seconds > 0) throw new TooManyRequestsError('too many wrong passwords', seconds);
    this.#queue.requireRoom({ address: network, known });
    const undo = limits.map(([key]) => this.#wrong.add(key));
    let counts = false;
    try {
      const user = await this.#queue.run({ address: network, known }, () => this.#verify(name, password));
      counts = user === null;
      if (user === null) return null;
      this.#remember(user, password);
      return { user, isFirst: this.#makeKnown(pair) };
    } finally {
      if (!counts) for (const take of undo) take();
    }
  }

  async #verify(name: string, password: string): Promise<User | null> {
    const user = this.#byName.get(name);
    const matches = await this.verify(password, user?.passwordHash ?? this.#decoyOf(name));
    return user !== undefined && matches ? { name, role: user.role } : null;
  }

  /** What the password of an unknown name is compared with: as costly as one of the users', always the same one's for a name. */
  #decoyOf(name: string): string {
    const hashes = [...this.#byName.values()].map(({ passwordHash }) => passwordHash);
    return decoyHash(hashes[this.#digest(name).readUInt32BE() % hashes.length]);
  }

  #remember(user: User, password: string): void {
    this.#remembered.set(user.name, { digest: this.#digest(password), until: this.now() + rememberedMs });
  }

  /** True where it was not known before. */
  #makeKnown(pair: string): boolean {
    const wasKnown = this.#known.delete(pair);
    this.#known.add(pair);
    const [oldest] = this.#known;
    if (oldest !== undefined && this.#known.size > mostKnown) this.#known.delete(oldest);
    return !wasKnown;
  }

  #recall({ name, password }: Credentials): User | null {
    const [user, remembered] = [this.#byName.get(name), this.#remembered.get(name)];
    if (user === undefined || remembered === undefined || remembered.until <= this.now()) return null;
    return timingSafeEqual(remembered.digest, this.#digest(password)) ? { name, role: user.role } : null;
  }

  #digest(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest();
  }
}

/** What stands for a name at an address. */
function pairOf({ name, address }: Credentials): string {
  return JSON.stringify([name, clientNetwork(address)]);
}
