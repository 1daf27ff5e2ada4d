/** Shapes shared by everything that pages read. Money is bigint µUSD, times are milliseconds since the Unix epoch. */

/** One page of a keyset-paginated list; `nextCursor` is null on the last. */
export interface Page<T> {
  items: T[]
  nextCursor: string | null
}

/** valid, invalid, or not decidable from what is at hand; the detail is a sentence for people. */
export interface Check {
  name: 'delivery_signature' | 'work_signature' | 'work_matches' | 'price' | 'inclusion' | 'work_inclusion'
  verdict: 'valid' | 'invalid' | 'unverifiable'
  detail: string
}

/** How far a receipt's money has come. `open`: signed, its epoch is not closed yet. */
export type SettlementStage = 'none' | 'open' | 'closed' | 'anchored' | 'claimed' | 'settled'
