import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

/** What tells one process from another; passed in, like the clock, so that a simulation is the same each time. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** An id that nobody else has. */
  newId(): string;
}

/** This process. */
export const thisProcess: ProcessIdentity = { host: hostname(), pid: process.pid, newId: randomUUID };
