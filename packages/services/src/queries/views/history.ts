/** A channel's history on the chain, page by page, and what filters it. */
import type { MovementView } from './money.ts'

export interface HistoryFilterInput {
  /** Opaque; from the page before. */
  cursor?: string | undefined
  /** 1 to 200, default 50. */
  limit?: number | undefined
  kind?: MovementView['kind'] | undefined
  /** Day in UTC, `2026-01-31`, included. */
  fromDay?: string | undefined
  /** Day in UTC, included. */
  toDay?: string | undefined
}

export interface HistoryItem extends MovementView {
  logIndex: number
  /** What it changed in the channel's unclaimed money: 0 for ceilings and requests. */
  changeMicroUsd: bigint
}
