import type { Area, Finding } from '../contract/checks.js';

/** A finding of an area, with nothing to do. */
export function fine(area: Area, finding: string): Finding {
  return { area, level: 'ok', finding, whatToDo: null };
}
