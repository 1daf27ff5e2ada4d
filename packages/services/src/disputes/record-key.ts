/** What a performance record is found by. */
export interface RecordKey {
  lane: string
  epoch: number
  nodeId: string
}
