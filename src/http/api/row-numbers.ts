import { z } from 'zod';

/*
 * How many rows there are, of which kinds, for the OpenAPI document.
 */

export const cellSchema = z.string().nullable().describe('as the database holds it; numbers are text');
const tableName = z.enum(['IF_BNET_CUST', 'IF_BNET_ACCOUNT']);

export const countSchema = z.object({
  rows: z.int(),
  atLeast: z.boolean().describe('there are that many or more'),
});

/** What the overview says of the rows in the middle database. */
export const rowNumbers = {
  tables: z
    .record(
      tableName,
      z.object({
        ...{ '0': countSchema, '1': countSchema, '2': countSchema, '3': countSchema },
        other: countSchema.optional().describe('in a State outside the specification, or in none'),
      }),
    )
    .nullable()
    .describe('by table, then by State'),
  oldestPendingSeconds: z
    .number()
    .nullable()
    .describe('since the later of CreateDate and StateDate that is not ahead of the clock'),
  createdAhead: z
    .object({ rows: z.int(), newest: cellSchema, seconds: z.number() })
    .nullable()
    .describe('pending rows whose CreateDate is ahead of the middle database: left alone until then'),
  strayAttributes: z
    .record(tableName, z.object({ late: z.int(), orphaned: z.int() }))
    .nullable()
    .describe(
      'attribute rows that came too late for their row, or belong to none; of the newest 1000 of each table',
    ),
};
