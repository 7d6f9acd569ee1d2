import type { DatabaseOptions } from '../../src/database/options.js';
import { ObservedDatabase } from './observed-database.js';

/** A step of PostgreSQL's plan, as EXPLAIN (ANALYZE, FORMAT JSON) has it. */
interface PlanStep {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly PlanStep[];
}

/** What a statement did on the server. */
export interface StatementCost {
  readonly sql: string;
  /** Rows read from tables and indexes, returned or not. */
  readonly rowsRead: number;
  /** Each step that reads a table, as `Index Scan if_bnet_cust_failed`, and each sort. */
  readonly steps: readonly string[];
  readonly milliseconds: number;
}

/** A PostgreSQL database that executes every query twice, to see how many rows it reads. */
export class MeasuredDatabase extends ObservedDatabase {
  readonly costs: StatementCost[];

  constructor(options: DatabaseOptions) {
    const costs: StatementCost[] = [];
    super(options, async ({ sql, bindings }, executor) => {
      const explained = await executor.execute({ sql: `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`, bindings });
      const [whole] = explained.rows[0]!['QUERY PLAN'] as readonly {
        Plan: PlanStep;
        'Execution Time': number;
      }[];
      const all = stepsOf(whole!.Plan);
      const scans = all.filter((step) => step['Node Type'].includes('Scan') && step.Plans === undefined);
      const named = all.filter((step) => scans.includes(step) || step['Node Type'].includes('Sort'));
      costs.push({
        sql,
        rowsRead: scans.reduce((sum, step) => sum + rowsOf(step), 0),
        steps: named.map((step) => `${step['Node Type']} ${step['Index Name'] ?? ''}`.trim()),
        milliseconds: whole!['Execution Time'],
      });
    });
    this.costs = costs;
  }
}

function stepsOf(step: PlanStep): readonly PlanStep[] {
  return [step, ...(step.Plans ?? []).flatMap(stepsOf)];
}

function rowsOf(step: PlanStep): number {
  const { 'Rows Removed by Filter': filtered = 0, 'Rows Removed by Index Recheck': rechecked = 0 } = step;
  return (step['Actual Rows'] + filtered + rechecked) * step['Actual Loops'];
}
