import { BusyError, TooManyRequestsError } from './errors.js';
import type { Security } from './security.js';
import type { SecurityEvent } from './security-events.js';
import type { Credentials, User, Users } from './users.js';

/** What a login needs. */
export interface LoginParts {
  readonly users: Users;
  readonly security: Security;
}

/** The user, and what became of the login is told; null where name or password is wrong. Faults as `Users.authenticate`. */
export async function logIn(
  { users, security }: LoginParts,
  credentials: Credentials,
  via: SecurityEvent['via'],
): Promise<User | null> {
  const { name, address } = credentials;
  const tell = (kind: 'login' | 'loginRefused', result: SecurityEvent['result']) => {
    security.tell({ kind, name, address, via, result, detail: '' });
  };
  try {
    const login = await users.authenticate(credentials);
    // A script sends its password with every request.
    if (login === null) tell('loginRefused', 'password');
    else if (via === 'console' || login.isFirst) tell('login', 'ok');
    return login?.user ?? null;
  } catch (error) {
    if (error instanceof TooManyRequestsError) tell('loginRefused', 'limit');
    if (error instanceof BusyError) tell('loginRefused', 'busy');
    throw error;
  }
}
