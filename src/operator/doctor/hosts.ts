import type { HostState } from '../../domain/host-state.js';
import type { Area, Finding } from '../contract/checks.js';
import { fine } from './finding.js';

/** Which host is in use, and what the others are: one that is missing would be missed at the next fail-over. */
export function hostFindings(area: Area, hosts: readonly HostState[]): Finding[] {
  const writable = hosts.filter(({ state }) => state === 'writable').map(({ name }) => name);
  return [
    ...hosts.map((host) => findingOf(area, host)),
    ...(writable.length > 1 ? [severalPrimaries(area, writable)] : []),
  ];
}

function findingOf(area: Area, { name, state, words, inUse }: HostState): Finding {
  if (inUse) return fine(area, `${name} is in use`);
  const finding = `${name} ${words}`;
  if (state === 'writable' || state === 'standby') return fine(area, finding);
  const whatToDo =
    state === 'readOnly'
      ? 'see who set default_transaction_read_only there: as long as it is on, the host is no place to fail over to'
      : 'see that it is running and that this machine reaches it: it could not be failed over to now';
  return { area, level: 'warning', finding, whatToDo };
}

function severalPrimaries(area: Area, names: readonly string[]): Finding {
  return {
    area,
    level: 'error',
    finding: `${names.join(' and ')} all accept writes: workers may be divided between several primaries`,
    whatToDo:
      'stop all of them but the right one, or take those that are no copies of it out of the configuration; then run "bnet-sync verify"',
  };
}
