/*
 * How many times longer everything may take than on a machine with two idle cores: the limits of tests and what they
 * measure against, such as leases. TEST_TIME_FACTOR=3 on a busy machine. What a test measures as a ratio, or against
 * another measurement of the same run, is not scaled.
 */

/** Reads the factor from the value of the environment variable. */
export function readTimeFactor(text: string | undefined): number {
  if (text === undefined || text === '') return 1;
  const factor = Number(text);
  if (!(factor >= 1 && factor <= 100))
    throw new Error(`TEST_TIME_FACTOR is "${text}": give a number from 1 to 100, such as 3`);
  return factor;
}

const timeFactor = readTimeFactor(process.env['TEST_TIME_FACTOR']);

/** A limit or a lease in whole milliseconds, times TEST_TIME_FACTOR. */
export function scaled(milliseconds: number): number {
  return Math.round(milliseconds * timeFactor);
}
