import { hostname, userInfo } from 'node:os';
import type { Actor } from '../operator/contract/actions.js';

/** Who runs a command, for the audit: `user@host`. */
export function commandActor(): Actor {
  return { name: `${userName()}@${hostname()}`, via: 'command' };
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
