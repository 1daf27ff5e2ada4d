/**
 * Who may import whom, as docs/ARCHITECTURE.md says under "Borders". `domain` is open to all and not repeated here.
 */

/** For each workspace member: the `@isochrone/*` packages that its sources may import beside `domain`. */
export const borders: Readonly<Record<string, readonly string[] | 'any package'>> = {
  'packages/domain': [],
  'packages/runtime': [],
  'packages/scheduler': [],
  'packages/protocol': [],
  'packages/perf-model': [],
  'packages/contracts-client': ['protocol'],
  'packages/verifier': ['protocol', 'contracts-client'],
  'packages/db': ['runtime'],
  'packages/services': ['scheduler', 'protocol'],
  'packages/api': ['services'],
  'packages/client': ['protocol'],
  'packages/simulator': ['services', 'scheduler', 'protocol', 'perf-model'],
  'packages/local-stack': ['runtime', 'contracts-client', 'db'],
  'apps/agent': ['runtime', 'protocol', 'perf-model', 'verifier'],
  'apps/witness': ['runtime', 'protocol'],
  'apps/gateway': 'any package',
  'apps/worker': 'any package',
  'apps/web': 'any package',
  contracts: [],
  tools: 'any package',
  e2e: 'any package',
}

/** Tests may also start real services, and check one package against another. */
export const openToTests = 'any package'

/** Relative imports may leave a member only here: the browser tests start the marketplace that `npm start` starts. */
export const relativeImportsInto: Readonly<Record<string, readonly string[]>> = { e2e: ['tools'] }

/** The only files that may read `process.env`. */
export const environmentReaders: readonly RegExp[] = [/^packages\/runtime\//, /^tools\/run\.mjs$/]
