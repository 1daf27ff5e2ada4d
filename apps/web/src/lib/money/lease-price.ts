/** What so much GPU time costs, µUSD: by the millisecond, rounded up once. */
export function leasePriceOf(gpuMs: bigint, perGpuHourMicroUsd: bigint): bigint {
  return (gpuMs * perGpuHourMicroUsd + MS_PER_HOUR - 1n) / MS_PER_HOUR
}

const MS_PER_HOUR = 3_600_000n
