import Table from 'cli-table3';
import type { ReportTable } from './tables.js';

/** Tables for a terminal. */
export function asText(tables: readonly ReportTable[]): string {
  return tables
    .map(({ title, head, rows, notes }) => {
      const table = new Table({ head: [...head], style: { head: [], border: [] } });
      table.push(...rows.map((row) => [...row]));
      return [title, table.toString(), ...notes].join('\n');
    })
    .join('\n\n');
}

/** Tables as Markdown, to be pasted into docs/performance.md. */
export function asMarkdown(tables: readonly ReportTable[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return tables
    .map(({ title, head, rows, notes }) =>
      [
        `### ${title}`,
        '',
        line(head),
        line(head.map((_, column) => (isOfNumbers(rows, column) ? '--:' : '---'))),
        ...rows.map(line),
        ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
      ].join('\n'),
    )
    .join('\n\n');
}

function isOfNumbers(rows: ReportTable['rows'], column: number): boolean {
  return rows.every((cells) => /^[\d–]/.test(cells[column] ?? '')) && column > 0;
}
