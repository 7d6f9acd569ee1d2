import { z } from 'zod';

/*
 * What the operator service returns to programs: `--json` of the commands and answers of the API. Each schema is
 * written once; types and the OpenAPI document derive from it. 30-digit numbers are always text, and tables have the
 * specification's names.
 */

/** What a schema describes, read-only throughout. */
export type Infer<Schema extends z.ZodType> = DeepReadonly<z.infer<Schema>>;

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Name in keyof T]: DeepReadonly<T[Name]> }
    : T;

/** A value of a row. */
export const cellSchema = z.string().nullable().describe('as the database holds it; numbers are text');

/** A time by the product store's or the process's clock. */
export const instantSchema = z.string().describe('ISO 8601, UTC');

/** A main table's name. */
export const tableSchema = z.enum(['IF_BNET_CUST', 'IF_BNET_ACCOUNT']);

/** What names a row. */
export const namedRowShape = { table: tableSchema, streamingNo: z.string() };

/** A row by the names that operators use. */
export const namedRowSchema = z.object(namedRowShape);
export type NamedRow = Infer<typeof namedRowSchema>;

/** A number of rows; counting stops at a limit. */
export const countSchema = z.object({
  rows: z.int(),
  atLeast: z.boolean().describe('there are that many or more'),
});
export type Count = Infer<typeof countSchema>;
