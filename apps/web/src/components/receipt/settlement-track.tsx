/** How far a receipt's money has come: signed → epoch closed → anchored → claimed → settled. */
import type { SettlementStage } from '@isochrone/services'
import type { ReactNode } from 'react'
import { settlementLooks } from '~/components/status.tsx'
import { Track, type TrackStep } from '~/components/track.tsx'
import type { TxStage } from '~/lib/money/tx-stage.ts'

const stages = ['open', 'closed', 'anchored', 'claimed', 'settled'] as const

export interface SettlementTrackProps {
  stage: SettlementStage
  /** Transaction of each stage that is a chain write. */
  transactions: Partial<Record<SettlementStage, string | null>>
  txStages: Record<string, TxStage>
  /** What the next stage waits for. */
  note?: ReactNode
}

export function SettlementTrack({ stage, transactions, txStages, note }: SettlementTrackProps) {
  const reached = stages.findIndex((item) => item === stage)
  const steps = stages.map((key, index): TrackStep => {
    const { icon, word, hint } = settlementLooks[key]
    const state = index === reached ? 'current' : index < reached ? 'done' : 'ahead'
    return {
      key,
      icon,
      word,
      hint,
      state,
      hashes: [transactions[key] ?? null],
      note: index === reached + 1 ? note : undefined,
    }
  })
  return <Track label="Settlement" steps={steps} txStages={txStages} />
}
