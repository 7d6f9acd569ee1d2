/** One of the hosts of a database server, as it was found. */
export interface HostState {
  /** The host with its port, as it is configured. */
  readonly name: string;
  readonly state: 'writable' | 'standby' | 'readOnly' | 'unreachable';
  /** What the host is or why it cannot be reached, after its name: `is a standby`, `refused the connection`. */
  readonly words: string;
  /** Whether new connections lead there. */
  readonly inUse: boolean;
}
