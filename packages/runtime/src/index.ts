/** What every process needs: environment, logger, metrics, shutdown, listening, room on the disk. */
export { childEnv } from './env/child-env.ts'
export { mallocEnv } from './env/malloc-env.ts'
export * from './env/development.ts'
export * from './env/load-env.ts'
export * from './env/processes.ts'
export { createLogger, type Logger } from './logger.ts'
export { createMetrics, latencyBucketsS, type Metrics } from './metrics.ts'
export { createShutdown, type Shutdown, type ShutdownOptions } from './shutdown.ts'
export { listen, ListenError, toListenError, type ListenAddress } from './listen.ts'
export { agentNodeFlags, gatewayNodeFlags } from './node-flags.ts'
export { startOps, type Ops, type OpsOptions } from './start-ops.ts'
export { readFlags, wholeFlag } from './read-flags.ts'
export { ownBytes } from './own-bytes.ts'
export { replaceFile } from './replace-file.ts'
export { runMain } from './run-main.ts'
export { afterReading, SilenceWatch } from './silence-watch.ts'
export { makeDirectory, syncDirectory } from './sync-directory.ts'
export { createGenAiMetrics, type GenAiMetrics, type GenAiObservation } from './gen-ai-metrics.ts'
export {
  startTracing,
  traceparentOf,
  type TraceAttributes,
  type TraceSpan,
  type Tracing,
  type TracingSettings,
} from './tracing.ts'
export { watchMachine, type Machine } from './watch-machine.ts'
export { ZeroedAhead } from './zeroed-ahead.ts'
