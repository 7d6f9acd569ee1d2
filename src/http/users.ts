import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import PQueue from 'p-queue';
import { hashOfNothing, verifyPassword } from './password.js';
import type { Role } from './session-types.js';

/** Somebody who may log in (`http.users`). */
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

/** How long a name with its password is known again without hashing, for scripts that send both with every request. */
const knownForMs = 60_000;

/** Knows the configured users by their passwords. */
export class Users {
  readonly #byName: ReadonlyMap<string, ConfiguredUser>;
  /** One at a time: each takes 32 MiB and a thread that the worker's own calls may need. */
  readonly #hashing = new PQueue({ concurrency: 1 });
  readonly #known = new Map<string, { readonly digest: Buffer; readonly until: number }>();
  readonly #key = randomBytes(32);
  /** What passwords of unknown users are compared with, so that they take as long. */
  readonly #nobody = hashOfNothing();

  constructor(
    users: readonly ConfiguredUser[],
    private readonly now: () => number,
  ) {
    this.#byName = new Map(users.map((user) => [user.name, user]));
  }

  /** Whether anybody can log in at all. */
  get configured(): boolean {
    return this.#byName.size > 0;
  }

  /** The user of that name and password; null where there is none. Takes as long for names that are not known. */
  async authenticate(name: string, password: string): Promise<User | null> {
    const user = this.#byName.get(name);
    const hash = user?.passwordHash ?? this.#nobody;
    const matches = await this.#hashing.add(() => verifyPassword(password, hash));
    if (user === undefined || !matches) return null;
    this.#known.set(name, { digest: this.#digest(password), until: this.now() + knownForMs });
    return { name, role: user.role };
  }

  /** The same, from memory: null where it has to be asked. */
  recognise(name: string, password: string): User | null {
    const [user, known] = [this.#byName.get(name), this.#known.get(name)];
    if (user === undefined || known === undefined || known.until <= this.now()) return null;
    return timingSafeEqual(known.digest, this.#digest(password)) ? { name, role: user.role } : null;
  }

  #digest(password: string): Buffer {
    return createHmac('sha256', this.#key).update(password).digest();
  }
}
