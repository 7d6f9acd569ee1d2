import type { FastifyBaseLogger } from 'fastify';
import type { AccessRecord, StoreRecords } from '../store/admin-port.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { CountedSecurityEvent, SecurityKind } from './security-events.js';
import type { SecuritySinks } from './security.js';

/** How each kind reads in the log and in the audit. */
const words: Readonly<
  Record<
    SecurityKind,
    { readonly level: 'info' | 'warn'; readonly log: string; readonly action: AccessRecord['action'] }
  >
> = {
  login: { level: 'info', log: 'logged in', action: 'login' },
  loginRefused: { level: 'warn', log: 'login refused', action: 'login-refused' },
  logout: { level: 'info', log: 'logged out', action: 'logout' },
  actionRefused: { level: 'warn', log: 'action refused', action: 'action-refused' },
  wrongHost: { level: 'warn', log: 'request to another host name refused', action: 'wrong-host' },
  export: { level: 'info', log: 'failed rows exported', action: 'export' },
};

interface SinkParts {
  readonly logger: FastifyBaseLogger;
  readonly metrics: Metrics;
  readonly records: Pick<StoreRecords, 'recordAccess'>;
}

/** The log, the metrics and the audit as sinks of security events. The log has what the audit cannot take. */
export function securitySinks({ logger, metrics, records }: SinkParts): SecuritySinks {
  return {
    count: (kind) => metrics.countSecurity(kind),
    log: (event) => {
      const { level, log } = words[event.kind];
      logger[level]({ event: 'security', ...event }, log);
    },
    record: async (event) => {
      try {
        await records.recordAccess(recordOf(event));
      } catch (error) {
        logger.warn({ err: error, kind: event.kind }, 'a security event could not be recorded in sync_audit');
      }
    },
  };
}

function recordOf({ kind, name, address, via, result, detail, times }: CountedSecurityEvent): AccessRecord {
  const what = { address, result, ...(detail !== '' && { detail }), ...(times > 1 && { times }) };
  return { who: name, via, action: words[kind].action, what: JSON.stringify(what), rows: null, reason: null };
}
