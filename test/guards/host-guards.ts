import type { Guard } from './guards.js';

/** The guards of a database with several hosts. */
export const hostGuards: readonly Guard[] = [
  {
    name: 'the host that is left after its server was refused',
    edits: [
      {
        file: 'src/database/server-hosts.ts',
        find: 'if (index === this.#first) this.#first =',
        put: 'if (index === -1) this.#first =',
      },
    ],
    test: { file: 'test/integration/two-primaries.test.ts', name: 'leaves the old one again' },
  },
  {
    name: 'the connections that are thrown away with a server that takes no changes',
    edits: [
      {
        file: 'src/database/connections.ts',
        find: 'if (isReadOnlyServer(error)) this.#retireAll',
        put: 'if (isReadOnlyServer(null)) this.#retireAll',
      },
    ],
    test: {
      file: 'test/integration/several-hosts-postgresql.test.ts',
      name: 'all of its pooled connections are thrown away',
    },
  },
];
