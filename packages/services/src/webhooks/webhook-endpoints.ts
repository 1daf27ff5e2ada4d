/** Where an organisation wants to be told how its queued work ended. The secret is shown once, when it is made. */
import { AppError, newId } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { WebhookDeliveryRow, WebhookEndpointRow, WebhookStatus } from '../ports/webhook-store.ts'
import { decodeCursor, limitOf, pageOf } from '../queries/cursor.ts'
import type { Page } from '../queries/views/common.ts'
import { webhookEvents, type WebhookEvent } from './webhook-events.ts'
import { newWebhookSecret } from './sign-webhook.ts'

export interface WebhookEndpointView {
  id: string
  url: string
  events: string[]
  createdAtMs: number
}

export interface WebhookDeliveryView {
  /** `msg_…`, the `webhook-id` that the receiver sees. */
  id: string
  endpointId: string
  url: string
  type: string
  jobId: string
  status: WebhookStatus
  attempts: number
  /** Of the next attempt; null when it is over. */
  nextAttemptAtMs: number | null
  httpStatus: number | null
  error: string | null
  createdAtMs: number
  deliveredAtMs: number | null
}

type Deps = Pick<ControlPlaneDeps, 'store' | 'clock' | 'chain'>

const ENDPOINTS_MAX = 10
const URL_LENGTH_MAX = 2_048
const DEVELOPMENT_CHAIN_ID = 31_337

export async function listWebhooks({ store }: Pick<Deps, 'store'>, orgId: string): Promise<WebhookEndpointView[]> {
  return (await store.webhooks.endpoints(orgId)).map(viewOf)
}

export interface NewWebhook {
  orgId: string
  url: string
  events: readonly WebhookEvent[]
  /** Asking twice with one key is one webhook, answered with its secret; for another address or other events the key is refused. */
  key: string
}

/** Throws `invalid_input` where the address could not be called, `state_conflict` where there are too many. */
export async function createWebhook(
  { store: { webhooks }, chain }: Deps,
  { orgId, key, ...input }: NewWebhook,
): Promise<{ endpoint: WebhookEndpointView; secret: string }> {
  const url = checkedUrl(input.url, chain.chainId === DEVELOPMENT_CHAIN_ID)
  const events = webhookEvents.filter((event) => input.events.includes(event))
  if (events.length === 0) {
    throw new AppError('invalid_input', { publicMessage: 'Choose at least one event.', field: 'events' })
  }
  const earlier = await webhooks.endpointByFormKey(orgId, key)
  if (!earlier && (await webhooks.endpoints(orgId)).length >= ENDPOINTS_MAX) {
    const publicMessage = `An organisation has at most ${ENDPOINTS_MAX} webhooks. Remove one first.`
    throw new AppError('state_conflict', { publicMessage })
  }
  const fresh = { id: newId('hook'), orgId, url, secret: newWebhookSecret(), events, formKey: key }
  const row = earlier ?? (await webhooks.insertEndpoint(fresh)) ?? (await webhooks.endpointByFormKey(orgId, key))
  if (!row) throw new AppError('internal', { publicMessage: 'The webhook was not stored.' })
  if (row.url === url && row.events.join() === events.join()) return { endpoint: viewOf(row), secret: row.secret }
  throw new AppError('state_conflict', {
    publicMessage: `This same form has added ${row.url} already. Look at your webhooks before you add another.`,
    field: 'key',
  })
}

/** Throws `not_found` for another organisation's. */
export async function removeWebhook(
  { store }: Pick<Deps, 'store'>,
  input: { orgId: string; id: string },
): Promise<void> {
  if (await store.webhooks.removeEndpoint(input.orgId, input.id)) return
  throw new AppError('not_found', { publicMessage: 'There is no such webhook in this organisation.' })
}

export async function webhookDeliveries(
  { store }: Pick<Deps, 'store'>,
  filter: {
    orgId: string
    endpointId?: string | undefined
    status?: WebhookStatus | undefined
    cursor?: string | undefined
    limit?: number | undefined
  },
): Promise<Page<WebhookDeliveryView>> {
  const limit = limitOf(filter.limit)
  const rows = await store.webhooks.deliveries({
    orgId: filter.orgId,
    endpointId: filter.endpointId ?? null,
    status: filter.status ?? null,
    limit: limit + 1,
    before: decodeCursor(filter.cursor),
  })
  return pageOf(
    rows,
    limit,
    (row) => ({ at: row.createdAt, id: row.id }),
    (row) => deliveryView(row, row.endpoint.url),
  )
}

/** Sends it once more, with the same id. One that is on its way stays so. Throws `not_found`. */
export async function redeliverWebhook(
  { store, clock }: Pick<Deps, 'store' | 'clock'>,
  { orgId, id }: { orgId: string; id: string },
): Promise<{ id: string; status: WebhookStatus }> {
  const row = await store.webhooks.redeliver(orgId, id, new Date(clock.nowMs()))
  if (!row) throw new AppError('not_found', { publicMessage: 'There is no such delivery in this organisation.' })
  return { id: row.id, status: row.status }
}

function checkedUrl(text: string, isDevelopment: boolean): string {
  const refuse = (publicMessage: string) => new AppError('invalid_input', { publicMessage, field: 'url' })
  const url = text.length <= URL_LENGTH_MAX && URL.canParse(text) ? new URL(text) : null
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw refuse('That is not an https address.')
  if (url.protocol === 'http:' && !isDevelopment) throw refuse('Webhooks are sent over https only.')
  if (url.username !== '' || url.password !== '') throw refuse('Leave user and password out of the address.')
  url.hash = ''
  return url.href
}

function viewOf({ id, url, events, createdAt }: WebhookEndpointRow): WebhookEndpointView {
  return { id, url, events, createdAtMs: createdAt.getTime() }
}

function deliveryView(row: WebhookDeliveryRow, url: string): WebhookDeliveryView {
  const { id, endpointId, type, jobId, status, attempts, httpStatus, error } = row
  return {
    id,
    endpointId,
    url,
    type,
    jobId,
    status,
    attempts,
    nextAttemptAtMs: status === 'pending' ? row.nextAttemptAt.getTime() : null,
    httpStatus,
    error,
    createdAtMs: row.createdAt.getTime(),
    deliveredAtMs: row.deliveredAt?.getTime() ?? null,
  }
}
