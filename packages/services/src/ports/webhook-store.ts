/** What webhooks need of the database and of the network. `db`'s repository fits it. */
export type WebhookStatus = 'pending' | 'delivered' | 'dead'

export interface WebhookEndpointRow {
  id: string
  orgId: string
  url: string
  secret: string
  events: string[]
  enabled: boolean
  createdAt: Date
}

export interface WebhookDeliveryRow {
  id: string
  endpointId: string
  orgId: string
  type: string
  jobId: string
  payload: unknown
  status: WebhookStatus
  attempts: number
  nextAttemptAt: Date
  httpStatus: number | null
  error: string | null
  createdAt: Date
  deliveredAt: Date | null
}

export interface WebhookStore {
  endpoints(orgId: string): Promise<WebhookEndpointRow[]>
  /** Null when this form of the organisation has made one already. */
  insertEndpoint(
    row: Omit<WebhookEndpointRow, 'createdAt' | 'enabled'> & { formKey: string | null },
  ): Promise<WebhookEndpointRow | null>
  /** The one that this form of the organisation made. */
  endpointByFormKey(orgId: string, formKey: string): Promise<WebhookEndpointRow | null>
  /** With its deliveries. False when the organisation has no such endpoint. */
  removeEndpoint(orgId: string, id: string): Promise<boolean>
  /** Newest first. */
  deliveries(filter: {
    orgId: string
    endpointId: string | null
    status: WebhookStatus | null
    limit: number
    before: { at: Date; id: string } | null
  }): Promise<(WebhookDeliveryRow & { endpoint: { url: string } })[]>
  /** A delivery that is over is sent anew, its count from the start. Null when the organisation has no such delivery. */
  redeliver(orgId: string, id: string, now: Date): Promise<WebhookDeliveryRow | null>
  /** Null when there is none, or it is not pending. */
  pending(id: string): Promise<(WebhookDeliveryRow & { endpoint: WebhookEndpointRow }) | null>
  /** Pending ones whose time has come, oldest first. */
  due(now: Date, limit: number): Promise<{ id: string; nextAttemptAt: Date }[]>
  /** Conditional on `pending` and on the number of attempts before: whoever comes second changes nothing. */
  conclude(
    id: string,
    end: {
      attemptsBefore: number
      status: WebhookStatus
      httpStatus: number | null
      error: string | null
      nextAttemptAt: Date
      deliveredAt: Date | null
    },
  ): Promise<boolean>
}

export interface WebhookSender {
  /** The status of the answer. Throws where there was none in time, or where the address may not be called. */
  send(request: { url: string; headers: Record<string, string>; body: string }): Promise<number>
}

/** When to look at a delivery; what it is stands in its row. */
export interface WebhookQueue {
  addAll(ids: readonly string[]): Promise<void>
}
