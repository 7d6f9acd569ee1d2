import Table from 'cli-table3';
import { escapedJson, visibleText } from '../domain/foreign-text.js';

/*
 * All that commands print passes here: whatever stands in a row or in a reason, it stays on its line and commands no
 * terminal.
 */

/** A value as JSON, which a terminal may be shown too. */
export function jsonText(value: unknown, indent = 0): string {
  return escapedJson(JSON.stringify(value, null, indent));
}

/** Lines for people, each with its end. */
export function linesText(lines: readonly string[]): string {
  return lines.map((line) => `${visibleText(line)}\n`).join('');
}

/** Prints a result for programs: nothing else may be printed with it. */
export function printJson(value: unknown): void {
  process.stdout.write(`${jsonText(value, 2)}\n`);
}

/** Prints lines of a result for people. */
export function printLines(...lines: string[]): void {
  process.stdout.write(linesText(lines));
}

/** A value as it is shown to people; nothing for null. */
export function shown(value: string | number | null): string {
  return value === null ? '' : visibleText(String(value));
}

/** A column of a list. */
interface Column {
  readonly head: string;
  /** Set to the right, as numbers are. */
  readonly right?: true;
  /** Its texts may be shortened to fit the terminal, down to so many places; the last such column first. */
  readonly shorten?: number;
  /** It may be left out where shortening is not enough, the first such column first. */
  readonly optional?: true;
}

/** A list for people. */
export interface ListOutput {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** A column with the text that it shows of each row. */
export interface ColumnOf<Row> extends Column {
  readonly of: (row: Row) => string | number | null;
}

/** The lines of a list of rows, by its columns. */
export function tableLines<Row>(
  rows: readonly Row[],
  columns: readonly ColumnOf<NoInfer<Row>>[],
): readonly string[] {
  return listLines({ columns, rows: rows.map((row) => columns.map(({ of }) => of(row))) });
}

const widthWithoutTerminal = 160;

/** The lines of a list that fits the terminal, as far as its columns allow; says which of them were left out for it. */
export function listLines(
  list: ListOutput,
  width = process.stdout.columns || widthWithoutTerminal,
): readonly string[] {
  const leftOut: string[] = [];
  for (let fitting = list; ;) {
    const widths = naturalWidths(fitting);
    const excess = shorten(fitting, widths, width);
    const optional = fitting.columns.findIndex((column) => column.optional === true);
    if (excess <= 0 || optional === -1) {
      const note = `Left out for this terminal: ${leftOut.join(', ')}; --json has everything.`;
      return [...draw(fitting, widths).split('\n'), ...(leftOut.length === 0 ? [] : [note])];
    }
    leftOut.push(fitting.columns[optional]?.head ?? '');
    fitting = withoutColumn(fitting, optional);
  }
}

/** Narrows the columns that may be; returns by how much the list still is too wide. */
function shorten({ columns }: ListOutput, widths: number[], width: number): number {
  let excess = widths.reduce((sum, each) => sum + each + 1, 1) - width;
  for (let column = columns.length - 1; column >= 0 && excess > 0; column--) {
    const narrowest = columns[column]?.shorten;
    if (narrowest === undefined) continue;
    const present = widths[column] ?? 0;
    const less = Math.max(0, Math.min(excess, present - narrowest));
    widths[column] = present - less;
    excess -= less;
  }
  return excess;
}

function withoutColumn({ columns, rows }: ListOutput, index: number): ListOutput {
  const others = <T>(cells: readonly T[]): T[] => cells.filter((_, column) => column !== index);
  return { columns: others(columns), rows: rows.map(others) };
}

function draw({ columns, rows }: ListOutput, colWidths: number[]): string {
  const table = new Table({
    head: columns.map(({ head }) => head),
    colWidths,
    colAligns: columns.map(({ right }) => (right === true ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => row.map(shown)));
  return table.toString();
}

/** The upper border tells how wide the columns are on the screen, where a Chinese character takes two places. */
function naturalWidths(list: ListOutput): number[] {
  const whole = draw(list, []);
  const border = whole.slice(0, whole.indexOf('\n'));
  return border
    .slice(1, -1)
    .split('┬')
    .map((part) => part.length);
}
