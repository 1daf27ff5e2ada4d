/** What a webhook can be told of. The database names them too, where a job ends (see the job repository). */
export const webhookEvents = [
  'response.completed',
  'response.incomplete',
  'response.failed',
  'response.cancelled',
  'job.succeeded',
  'job.failed',
  'job.cancelled',
  'batch.completed',
  'batch.failed',
  'batch.expired',
  'batch.cancelled',
] as const
export type WebhookEvent = (typeof webhookEvents)[number]
