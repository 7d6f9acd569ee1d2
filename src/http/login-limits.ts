import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { TooManyFault } from './faults.js';

/** How many tries of a password a minute are allowed. */
export interface TriesAMinute {
  readonly perAddress: number;
  readonly perName: number;
}

/** What nobody who types a password will notice. */
export const usualTries: TriesAMinute = { perAddress: 20, perName: 10 };

/** Counts tries of passwords, right and wrong, by the address they come from and by the name that is tried. */
export interface LoginLimits {
  /** TooManyFault past a limit: the password is not looked at. */
  count(request: FastifyRequest): Promise<void>;
}

/** Prepares the counting; the name is read from `request.triedName`. */
export async function loginLimits(app: FastifyInstance, tries: TriesAMinute): Promise<LoginLimits> {
  await app.register(rateLimit, { global: false, timeWindow: 60_000 });
  const limiters = [
    app.createRateLimit({ max: tries.perAddress }),
    app.createRateLimit({ max: tries.perName, keyGenerator: (request) => `name ${request.triedName}` }),
  ];
  return {
    count: async (request) => {
      for (const limiter of limiters) {
        const counted = await limiter(request);
        if (!counted.isAllowed && counted.isExceeded)
          throw new TooManyFault('too many tries of a password', counted.ttlInSeconds);
      }
    },
  };
}
