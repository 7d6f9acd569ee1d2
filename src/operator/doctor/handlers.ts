import { withTimeout } from '../../timeout.js';
import type { Finding } from '../contract/checks.js';
import { fine } from './finding.js';

const limitMs = 10_000;

/** Loads the product's handlers as a worker does at start; one that never finishes loading keeps it waiting. */
export async function handlerFindings(load: () => Promise<unknown>): Promise<Finding[]> {
  try {
    await withTimeout(load(), limitMs, (reject) => {
      reject(new Error(`store.handlers is still loading after ${limitMs / 1000} s`));
    });
    return [fine('handlers', 'store.handlers can be loaded')];
  } catch (error) {
    const finding = `a worker cannot start: ${error instanceof Error ? error.message : String(error)}`;
    const whatToDo =
      'put the module where store.handlers says, relative to the configuration file, with onCustomer or onAccount exported';
    return [{ area: 'handlers', level: 'error', finding, whatToDo }];
  }
}
