import { BusyError, TooManyRequestsError } from './errors.js';
import type { Security } from './security.js';
import type { SecurityEvent } from './security-events.js';
import type { Credentials, User, Users } from './users.js';

/** What a login needs. */
export interface LoginParts {
  readonly users: Users;
  readonly security: Security;
}

/** Authenticates a user and reports the result; null where name or password is wrong. Errors as of `Users.authenticate`. */
export async function logIn(
  { users, security }: LoginParts,
  credentials: Credentials,
  via: SecurityEvent['via'],
): Promise<User | null> {
  const { name, address } = credentials;
  const report = (kind: 'login' | 'loginRefused', result: SecurityEvent['result']) => {
    security.report({ kind, name, address, via, result, detail: '' });
  };
  try {
    const login = await users.authenticate(credentials);
    // A script sends its password with every request.
    if (login === null) report('loginRefused', 'password');
    else if (via === 'console' || login.isFirst) report('login', 'ok');
    return login?.user ?? null;
  } catch (error) {
    if (error instanceof TooManyRequestsError) report('loginRefused', 'limit');
    if (error instanceof BusyError) report('loginRefused', 'busy');
    throw error;
  }
}
