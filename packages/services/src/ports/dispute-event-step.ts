/** What happened to a dispute on the chain, as its history names it. */
export type DisputeEventStep =
  | 'filed'
  | 'answered'
  | 'armed'
  | 'drawn'
  | 'voted'
  | 'ruled'
  | 'appealed'
  | 'refunded'
  | 'closed'
