import { format } from 'prettier';

/** A table: the names of its columns and the rows, as Markdown. Cells are one line; their pipes are escaped here. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapedPipes).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A word as code. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** A page of the reference as it stands in its file: with a note that it is generated, formatted as the rest. */
export async function page(title: string, parts: readonly string[]): Promise<string> {
  const note = '<!-- Written by `npm run docs:reference` from the source; a test fails when it is stale. -->';
  const text = [`# ${title}`, note, ...parts].join('\n\n');
  return format(text, { parser: 'markdown', printWidth: 110 });
}

/** Several lines of a comment as one, without the characters that would start HTML. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('<', '&lt;').trim();
}

function escapedPipes(cell: string): string {
  return cell.replaceAll(/(?<!\\)\|/g, '\\|');
}
