/** Performance curves of inference engines per GPU, shared by the simulated engine and the simulator. */
export { curveOf } from './curve-of.ts'
export { perfCurves, type GpuName, type PerfCurve, type Precision } from './curves.ts'
export { prefillMs, tpotMs, unloadedTtftMs } from './timing.ts'
