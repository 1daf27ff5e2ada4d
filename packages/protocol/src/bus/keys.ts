/** Names in Redis, in one place: streams, hashes, channels. Braces keep what one script touches in one cluster slot. */
export const redisKeys = {
  /** Stream of control events, ids `<version>-0`. */
  control: 'isochrone:control',
  /** Stream of what gateways have journalled; the worker consumes it as group `ingest`. */
  receipts: 'isochrone:receipts',
  receiptsGroup: 'ingest',
  /** The one field of each entry of that stream: the journal entry as JSON. */
  receiptsField: 'entry',
  /**
   * Hash of a channel's budget: `limit`, `spent:<lane>`, `lease:<lane>` of gateways and `lease:lease_…` of rented GPUs, µUSD
   * as decimal text.
   */
  budget: (channelId: string) => `isochrone:budget:{${channelId}}`,
  /** Hash of an API key's budget: `limit`, µUSD in each period, and the `version` that says which limit is the newest. */
  keyBudget: (keyId: string) => `isochrone:budget:{${keyId}}`,
  /** Hash of one period of it, as `2026-11-22`, `2026-11` or `total`: `spent:<lane>` and `lease:<lane>`, as of a channel. */
  keyBudgetPeriod: (keyId: string, periodId: string) => `isochrone:budget:{${keyId}}:${periodId}`,
  /** Hash: lane → `<share>:<demand>:<until, s>` of a rate limit, for an organisation or a key. */
  limitShares: (subjectId: string) => `isochrone:shares:{${subjectId}}`,
  /** Stream by which gateways tell one another what they served to whom; bounded in entries. */
  fairness: 'isochrone:fairness',
  /** Hash: lane → JSON `GatewayStatus`, with a field time to live by timestamp inside. */
  gateways: 'isochrone:gateways',
  /** Hash: nodeId → JSON `NodeLiveness`, written by gateways each second or two. */
  nodes: 'isochrone:nodes',
  queueInference: 'inference',
  queueBatches: 'batches',
  queueBatchLines: 'batch-lines',
  queueWebhooks: 'webhooks',
  queueLeases: 'leases',
  queueRounds: 'rounds',
  queueVerification: 'verification',
  /** Stream of what a background response's node has written so far; bounded in entries, bytes and time. */
  jobProgress: (jobId: string) => `isochrone:progress:{${jobId}}`,
  /** Set for a while when a job is cancelled, so that the gateway that runs it stops its engine. */
  jobCancelled: (jobId: string) => `isochrone:cancelled:{${jobId}}`,
} as const
