/**
 * One attempt at one delivery: signed, sent, and its end noted, or when to try again.
 *
 * At least once: a receiver knows a repetition by `webhook-id`. After the last attempt the delivery is dead until a person
 * sends it again.
 */
import { toAppError, type Clock } from '@isochrone/domain'
import type { WebhookQueue, WebhookSender, WebhookStore } from '../ports/webhook-store.ts'
import { signWebhook } from './sign-webhook.ts'

export interface DeliverDeps {
  webhooks: Pick<WebhookStore, 'pending' | 'conclude'>
  sender: WebhookSender
  clock: Clock
}

/** Waits after the first attempt, the second, …; after the last one it is dead: eight attempts in about nine hours. */
const WAITS_MS = [5_000, 30_000, 120_000, 600_000, 1_800_000, 7_200_000, 21_600_000]
export const WEBHOOK_ATTEMPTS_MAX = WAITS_MS.length + 1
const ERROR_LENGTH_MAX = 300
const DUE_MAX = 1_000

export async function deliverWebhook(
  { webhooks, sender, clock }: DeliverDeps,
  id: string,
): Promise<{ kind: 'done' } | { kind: 'again'; delayMs: number }> {
  const row = await webhooks.pending(id)
  if (!row) return { kind: 'done' }
  const earlyMs = row.nextAttemptAt.getTime() - clock.nowMs()
  if (earlyMs > 0) return { kind: 'again', delayMs: earlyMs }
  const body = JSON.stringify(row.payload)
  const signed = signWebhook({ id, atS: Math.floor(clock.nowMs() / 1_000), body, secret: row.endpoint.secret })
  let httpStatus: number | null = null
  let error: string | null = null
  try {
    httpStatus = await sender.send({ url: row.endpoint.url, headers: signed, body })
    if (httpStatus < 200 || httpStatus > 299) error = `It answered ${httpStatus}.`
  } catch (thrown) {
    error = toAppError(thrown).publicMessage.slice(0, ERROR_LENGTH_MAX)
  }
  const now = new Date(clock.nowMs())
  const attemptsBefore = row.attempts
  if (error === null) {
    const end = { status: 'delivered', httpStatus, error, nextAttemptAt: now, deliveredAt: now } as const
    await webhooks.conclude(id, { ...end, attemptsBefore })
    return { kind: 'done' }
  }
  const delayMs = WAITS_MS[attemptsBefore]
  const status = delayMs === undefined ? 'dead' : 'pending'
  const nextAttemptAt = new Date(now.getTime() + (delayMs ?? 0))
  await webhooks.conclude(id, { attemptsBefore, status, httpStatus, error, nextAttemptAt, deliveredAt: null })
  return delayMs === undefined ? { kind: 'done' } : { kind: 'again', delayMs }
}

/** Puts due deliveries into the queue: new ones, and those that it has forgotten. */
export async function queueDueWebhooks(deps: {
  webhooks: Pick<WebhookStore, 'due'>
  queue: WebhookQueue
  clock: Clock
}): Promise<number> {
  const due = await deps.webhooks.due(new Date(deps.clock.nowMs()), DUE_MAX)
  if (due.length > 0) await deps.queue.addAll(due.map(({ id }) => id))
  return due.length
}
