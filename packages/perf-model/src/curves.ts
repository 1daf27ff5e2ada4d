/**
 * The performance curves themselves: constants fitted to published measurements, with their source.
 *
 * Each curve is one 8-GPU replica of one model at one precision. The fits are least squares over the aggregated (not
 * disaggregated) single-node runs of InferenceX by SemiAnalysis, DeepSeek-R1, SGLang; a curve for hardware that has no
 * such run must not be added without saying that it is an extrapolation.
 */

export type GpuName = 'H200' | 'B200' | 'B300'
export type Precision = 'fp8'

/** How one replica behaves under load. Every constant names its unit. */
export type PerfCurve = {
  readonly gpu: GpuName
  readonly gpuCount: number
  readonly precision: Precision
  /** The model that was measured; the curve says nothing about another one. */
  readonly measuredModel: string
  /** TPOT at zero load, in ms. */
  readonly tpotBaseMs: number
  /** What each concurrent sequence adds to TPOT, in ms. */
  readonly tpotPerSequenceMs: number
  /** What each context token of each concurrent sequence adds to TPOT, in ms. */
  readonly tpotPerSequenceTokenMs: number
  /** Prompt processing, in ms per uncached prompt token. */
  readonly prefillMsPerToken: number
  readonly source: string
}

const source =
  'InferenceX by SemiAnalysis (DeepSeek-R1, SGLang, aggregated 8-GPU runs, 2025-2026); fit TPOT = a + b*c + g*c*ctx'

export const perfCurves: readonly PerfCurve[] = [
  {
    gpu: 'H200',
    gpuCount: 8,
    precision: 'fp8',
    measuredModel: 'deepseek-r1',
    tpotBaseMs: 9,
    tpotPerSequenceMs: 0.34,
    tpotPerSequenceTokenMs: 4.3e-5,
    prefillMsPerToken: 0.0317,
    source,
  },
  {
    gpu: 'B200',
    gpuCount: 8,
    precision: 'fp8',
    measuredModel: 'deepseek-r1',
    tpotBaseMs: 8,
    tpotPerSequenceMs: 0.22,
    tpotPerSequenceTokenMs: 2.1e-5,
    prefillMsPerToken: 0.022,
    source,
  },
  {
    gpu: 'B300',
    gpuCount: 8,
    precision: 'fp8',
    measuredModel: 'deepseek-r1',
    tpotBaseMs: 7.6,
    tpotPerSequenceMs: 0.215,
    tpotPerSequenceTokenMs: 2.1e-5,
    prefillMsPerToken: 0.022,
    source,
  },
]
