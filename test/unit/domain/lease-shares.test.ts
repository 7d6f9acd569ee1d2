import { expect, it } from 'vitest';
import { leaseShares } from '../../../src/domain/lease-shares.js';

it('each limit under a lease ends within the one above it, and the outermost before the lease', () => {
  const { call, server, handler, renewal, lockWait } = leaseShares;
  const outwards = [0, lockWait, handler, server, call, 1];
  expect(outwards).toEqual([...new Set(outwards)].sort((a, b) => a - b));
  // One renewal may fail, and the next, with the whole time of a call, still comes within the lease.
  expect(2 * renewal).toBeLessThan(1);
  expect(2 * renewal).toBeGreaterThan(0);
});
