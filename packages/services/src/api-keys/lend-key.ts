/**
 * A key that the web app holds for somebody who is signed in, so that the playground needs none in the browser.
 *
 * It lives an hour, asks little a minute, and is listed beside the organisation's own keys while it lives, where it can
 * be revoked like them. Keys whose hour is over are forgotten when the next one is lent, so they do not pile up.
 */
import { newId } from '@isochrone/domain'
import { commitAndPublish } from '../control/commit-and-publish.ts'
import { recordControlChange } from '../control/record-control-change.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import { apiKeyHash, newApiKeySecret } from './api-keys.ts'

const LIFE_MS = 3_600_000
const REQUESTS_PER_MINUTE_MAX = 30
const PREFIX = 'iso_'
const SHOWN_CHARACTERS = 10

export interface LentKey {
  keyId: string
  secret: string
  expiresAtMs: number
}

/** The secret is in the answer and nowhere else; gateways know the key within a second. */
export async function lendKey(
  deps: Pick<ControlPlaneDeps, 'store' | 'stream' | 'clock'>,
  { orgId, name }: { orgId: string; name: string },
): Promise<LentKey> {
  const secret = newApiKeySecret()
  const nowMs = deps.clock.nowMs()
  const expiresAtMs = nowMs + LIFE_MS
  const keyId = newId('key')
  await commitAndPublish(deps, async (tx) => {
    await tx.apiKeys.forgetLent(orgId, new Date(nowMs))
    await tx.apiKeys.insertLent({
      id: keyId,
      orgId,
      name,
      start: secret.slice(0, SHOWN_CHARACTERS),
      prefix: PREFIX,
      keyHash: apiKeyHash(secret),
      expiresAt: new Date(expiresAtMs),
      requestsPerMinuteMax: REQUESTS_PER_MINUTE_MAX,
    })
    await recordControlChange(tx.control, { apiKeyIds: [keyId] })
  })
  return { keyId, secret, expiresAtMs }
}
