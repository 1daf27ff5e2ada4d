/** How far receipts have come on their way to money, by the epochs that cover them. */
import type { ReadingsStore } from '../ports/control-plane-store.ts'
import type { EpochRow } from '../ports/rows.ts'
import type { SettlementStage } from './views/common.ts'

const order: readonly SettlementStage[] = ['none', 'open', 'closed', 'anchored', 'claimed', 'settled']

interface Covered {
  lane: string
  epoch: bigint | null
}

export type EpochsByKey = ReadonlyMap<string, EpochRow>

export async function epochsOf(readings: ReadingsStore, receipts: readonly Covered[]): Promise<EpochsByKey> {
  const keys = new Map<string, { lane: string; epoch: bigint }>()
  for (const { lane, epoch } of receipts) if (epoch !== null) keys.set(`${lane}/${epoch}`, { lane, epoch })
  const rows = await readings.epochsByKey([...keys.values()])
  return new Map(rows.map((row) => [`${row.lane}/${row.epoch}`, row]))
}

export function epochOf(epochs: EpochsByKey, { lane, epoch }: Covered): EpochRow | null {
  return epoch === null ? null : (epochs.get(`${lane}/${epoch}`) ?? null)
}

export function stageOf(epochs: EpochsByKey, receipt: Covered): SettlementStage {
  return epochOf(epochs, receipt)?.status ?? 'open'
}

/** A request is as far as the last of its receipts. */
export function leastStage(epochs: EpochsByKey, receipts: readonly Covered[]): SettlementStage {
  const stages = receipts.map((receipt) => order.indexOf(stageOf(epochs, receipt)))
  return order[stages.length === 0 ? 0 : Math.min(...stages)] ?? 'none'
}
