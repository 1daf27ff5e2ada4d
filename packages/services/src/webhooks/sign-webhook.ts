/**
 * Signatures of webhooks as Standard Webhooks says (standardwebhooks.com, the scheme that OpenAI uses too): HMAC-SHA256
 * over `id.timestamp.body` with a secret that is shown as `whsec_` and base64.
 */
import { createHmac, randomBytes } from 'node:crypto'

const PREFIX = 'whsec_'
const SECRET_BYTES = 32

export function newWebhookSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64')
}

/** The three headers of one attempt. @param atS time of the attempt, s since the epoch: receivers refuse what is old. */
export function signWebhook(input: { id: string; atS: number; body: string; secret: string }): Record<string, string> {
  const { id, atS, body, secret } = input
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${atS}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': String(atS), 'webhook-signature': `v1,${signature}` }
}
