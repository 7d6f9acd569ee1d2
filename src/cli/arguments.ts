import { InvalidArgumentError } from 'commander';
import type { z } from 'zod';
import * as inputs from '../operator/inputs.js';

/*
 * Readers of arguments and options, for commander. What they refuse is wrong usage.
 */

function argument<T>(schema: z.ZodType<T, string>): (text: string) => T {
  return (text) => {
    const read = schema.safeParse(text);
    if (read.success) return read.data;
    throw new InvalidArgumentError(`It ${read.error.issues[0]?.message ?? 'is refused'}.`);
  };
}

export const tableArgument = argument(inputs.table);
export const numberArgument = argument(inputs.digits);
export const limitArgument = argument(inputs.limit);
export const momentArgument = argument(inputs.moment);
export const ageArgument = argument(inputs.age);
export const reasonArgument = argument(inputs.reason);
export const actionArgument = argument(inputs.actionId);

/** Several numbers. */
export function numberArguments(text: string, before: readonly string[] = []): readonly string[] {
  if (before.length >= inputs.inputLimits.named)
    throw new InvalidArgumentError(`At most ${inputs.inputLimits.named} rows can be named at once.`);
  return [...before, numberArgument(text)];
}

/** A condition on failed rows, checked and kept as it is given, for `inputs.commandFilter`. */
export function conditionArgument(name: keyof typeof inputs.commandConditions): (text: string) => string {
  const check = argument<unknown>(inputs.commandConditions[name].unwrap());
  return (text) => {
    check(text);
    return text;
  };
}

/** A port to listen on, 0 to 65535. */
export function portArgument(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('It must be a port, 0 to 65535.');
  return port;
}

/** The options of a command that lists so many at most. */
export interface Limited {
  readonly limit: number;
}
