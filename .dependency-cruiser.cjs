/**
 * The layers of src. Each folder names the folders it may import besides itself;
 * "ports" stands for the worker's, src/middle/port.ts and src/store/{,guard-,setup-}port.ts, "admin" for the operators',
 * src/{middle,store}/admin-port.ts and src/store/verification-port.ts, "errors" for the kinds of database errors that ports fail with (and the count of
 * connections), "events" for what a worker reports, "security" for what the HTTP server reports, "timeout" for
 * src/timeout.ts. Only src/app, src/cli, src/demo and the other files in src itself, which wire the program together,
 * are free.
 */
const PORTS = '^src/(middle|store)/((guard|setup)-)?port[.]ts$';
const ADMIN = '^src/(middle|store)/(admin|verification)-port[.]ts$';
const ERRORS = '^src/database/(errors|pool-use)[.]ts$';
/** What log lines and metrics are made from. */
const EVENTS = '^src/worker/events[.]ts$';
const SECURITY = '^src/http/security-events[.]ts$';
const TIMEOUT = '^src/timeout[.]ts$';

const DRIVERS = '(^|/)node_modules/(@types/)?(pg|oracledb|better-sqlite3|knex)/';
/** Where drivers are used. src/app/require-driver.ts only tries out whether one is installed, by its name. */
const ADAPTERS = '^src/(database|middle/knex|middle/oracle|store/knex|staging)/';
/** What a product's handlers are given: a transaction of Knex. */
const HANDLERS = '^src/(store/port|worker/handlers)[.]ts$';

const MAY_IMPORT = {
  domain: [],
  database: ['domain', 'timeout'],
  middle: ['domain', 'database'],
  store: ['domain', 'database'],
  staging: ['domain', 'admin', 'operator'],
  guard: ['domain', 'ports'],
  worker: ['domain', 'ports', 'errors', 'guard'],
  operator: ['domain', 'ports', 'admin', 'errors', 'guard', 'timeout'],
  http: ['domain', 'ports', 'admin', 'errors', 'guard', 'operator', 'events', 'telemetry', 'timeout'],
  console: ['domain', 'ports', 'admin', 'errors', 'guard', 'operator', 'http'],
  telemetry: ['domain', 'errors', 'operator', 'worker', 'guard', 'security', 'timeout'],
  config: ['domain'],
  timeout: [],
};

/** Layers that are files, not folders. */
const FILES = {
  ports: PORTS,
  admin: ADMIN,
  errors: ERRORS,
  events: EVENTS,
  security: SECURITY,
  timeout: TIMEOUT,
};

const pathOf = (layer) => FILES[layer] ?? `^src/${layer}/`;

const layerRules = Object.entries(MAY_IMPORT).map(([layer, allowed]) => ({
  name: `${layer}-imports-only-its-layers`,
  comment: `src/${layer} may import: ${[layer, ...allowed].join(', ')}.`,
  severity: 'error',
  from: { path: pathOf(layer) },
  to: { path: '^src/', pathNot: [layer, ...allowed].map(pathOf) },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'every-folder-has-a-layer',
      comment: 'Add a new folder of src to the table of layers.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: ['^src/(cli/|demo/|app/|[^/]+[.]ts$)', ...Object.keys(MAY_IMPORT).map(pathOf)],
      },
      to: {},
    },
    {
      name: 'domain-does-no-io',
      comment: 'The domain is pure: besides its own files it may use zod and node:crypto.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { pathNot: ['^src/', '(^|/)node_modules/zod/', '^(node:)?crypto$'] },
    },
    {
      name: 'drivers-in-adapters-only',
      comment: 'Call a port, or give its adapters a method.',
      severity: 'error',
      from: { path: '^src/', pathNot: [ADAPTERS, HANDLERS] },
      to: { path: DRIVERS },
    },
    {
      name: 'handlers-know-the-type-of-knex-only',
      severity: 'error',
      from: { path: HANDLERS },
      to: { path: DRIVERS, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'ports-import-domain-only',
      comment: 'Of our own files a port knows the domain alone, so that a worker needs nothing else either.',
      severity: 'error',
      from: { path: PORTS },
      to: { path: '^src/', pathNot: ['^src/domain/', PORTS] },
    },
    {
      name: 'admin-ports-import-domain-and-ports-only',
      severity: 'error',
      from: { path: ADMIN },
      to: { path: '^src/', pathNot: ['^src/domain/', PORTS, ADMIN] },
    },
    {
      name: 'nothing-but-commands-imports-the-demo',
      severity: 'error',
      from: { pathNot: '^src/(cli/commands|demo)/' },
      to: { path: '^src/demo/' },
    },
    {
      name: 'nothing-imports-the-command-line',
      severity: 'error',
      from: { pathNot: '^src/(cli|demo)/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'packages-of-few-are-loaded-late',
      comment:
        'Import it dynamically: the HTTP server and the Oracle driver take long to load, and few need them; the driver of SQLite is optional.',
      severity: 'error',
      from: { pathNot: '^src/(http|console|middle/oracle|staging)/|^src/app/start-http-server[.]ts$' },
      to: {
        path: '^src/console/|^src/(http/server|app/start-http-server)[.]ts$|^src/(middle/oracle|staging)/',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'commands-are-loaded-late',
      comment: 'A command is loaded when it is called: src/cli/command-list.ts imports it dynamically.',
      severity: 'error',
      from: {},
      to: { path: '^src/cli/commands/', dynamic: false },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-development-packages-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm'], pathNot: '^node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
    },
  },
};
