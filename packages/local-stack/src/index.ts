/** The embedded Postgres, Redis and chain behind `npm start` and the tests. */
export { freePort, isPortFree } from './free-port.ts'
export { inspect, type Inspected, type KeptMemory } from './inspected.ts'
export { jsonRpc } from './json-rpc.ts'
export { LocalStackError } from './local-stack-error.ts'
export { guardProcess, releaseProcess } from './reaper.ts'
export {
  describeExit,
  spawnProcess,
  spawnService,
  type Exit,
  type RunningProcess,
  type Service,
  type SpawnServiceOptions,
} from './spawn-service.ts'
export { residentMiB, startAnvil, type StartAnvilOptions } from './start-anvil.ts'
export { startPostgres, type StartPostgresOptions } from './start-postgres.ts'
export { startRedis, type StartRedisOptions } from './start-redis.ts'
export { mineEvery } from './mine-every.ts'
export { chainVariables, secondTestChain, testChainProfile, type TestChainProfile } from './test-chains.ts'
export { startTestStack, type TestStack, type TestStackOptions } from './test-stack.ts'
