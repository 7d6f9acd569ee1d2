/** Where counting rows of a table stops. */
export const countLimit = 10_000;
