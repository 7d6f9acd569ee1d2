import { z } from 'zod';
import type { AuditEntry } from '../../store/admin-port.js';
import { instant } from './response-schemas.js';

/** Recorded actions. */
export const auditResponse = z.array(
  z.object({
    who: z.string(),
    via: z.enum(['console', 'api', 'command']),
    action: z.enum([
      'requeue',
      'requeue-matching',
      'retry',
      'pause',
      'resume',
      'journal-purge',
      'repair-accept',
      'new-store',
      'login',
      'login-refused',
      'logout',
      'action-refused',
      'wrong-host',
      'export',
    ]),
    what: z.string(),
    rows: z.int().nullable(),
    reason: z.string().nullable(),
    id: z.string(),
    at: instant,
    status: z
      .enum(['done', 'open'])
      .describe('open: recorded before it was done, and without an outcome: under way, or its process ended'),
    outcome: z
      .object({ at: instant, what: z.string() })
      .nullable()
      .describe(
        'of an action that was recorded before it was done; how many rows it changed stands in `rows`',
      ),
  }),
) satisfies z.ZodType<readonly AuditEntry[]>;
