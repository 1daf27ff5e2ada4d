/** Finds a curve by hardware. Throws for hardware that was never measured: a guess would look like a measurement. */
import { perfCurves, type GpuName, type PerfCurve, type Precision } from './curves.ts'

/**
 * The curve of `gpuCount` GPUs of one kind at one precision.
 * @throws {RangeError} naming what is known, when there is no measured curve.
 */
export function curveOf(gpu: GpuName, gpuCount: number, precision: Precision): PerfCurve {
  const curve = perfCurves.find((c) => c.gpu === gpu && c.gpuCount === gpuCount && c.precision === precision)
  if (!curve) {
    const known = perfCurves.map((c) => `${c.gpu}x${c.gpuCount} ${c.precision}`).join(', ')
    throw new RangeError(`no measured curve for ${gpu}x${gpuCount} ${precision}; known: ${known}`)
  }
  return curve
}
