/** What a provider's page of jobs reads: its own rows of recorded decisions, and its own counts. `db` fits it. */

/** One decision that had a node of the provider in it. Rows are JSON as the engine wrote them. */
export interface DecisionRow {
  receivedAt: Date
  model: string
  choice: string | null
  explored: boolean
  /** The chosen one's row; null where nobody was chosen. */
  chosen: unknown
  /** Candidates of the provider. */
  own: unknown
  /** `{ nodeId, reason }` of the provider. */
  rejected: unknown
}

export interface SloCountsRow {
  nodeId: string
  attempts: number
  faults: number
  ttftSamples: number
  ttftOver: number
  tpotSamples: number
  tpotOver: number
  /** Pool tests that found a promise broken. */
  breaches: number
  creditMicroUsd: bigint
}

export interface DecisionReads {
  /** Of the newest `limit` requests of everybody since then, those whose decision names one of the nodes. */
  decisions(filter: {
    nodeIds: readonly string[]
    since: Date
    limit: number
  }): Promise<{ looked: number; rows: DecisionRow[] }>
  /** Sums over the newest version of each performance record since then. */
  sloCounts(filter: { providerId: string; since: Date }): Promise<SloCountsRow[]>
}
