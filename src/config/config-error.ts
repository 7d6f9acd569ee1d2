/** One thing that is wrong with a configuration. */
export interface ConfigIssue {
  /** The setting (`worker.batchSize`), the variable (`BNET_SYNC_…`) or the place (`file:line:column`); empty for the configuration as a whole. */
  readonly path: string;
  /** What is wrong and what is expected; never a secret. */
  readonly message: string;
}

/**
 * The configuration cannot be used. Holds every fault that one run found; the message lists them
 * one per line, under a line that names the source when there is one.
 */
export class ConfigError extends Error {
  readonly issues: readonly ConfigIssue[];

  /** @param source - the file that was read, for the first line of the message */
  constructor(issues: readonly ConfigIssue[], source?: string) {
    const lines = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    if (source !== undefined) lines.unshift(`${source} cannot be used:`);
    super(lines.join('\n'));
    this.name = 'ConfigError';
    this.issues = issues;
  }
}
