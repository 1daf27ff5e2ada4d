/**
 * What a fresh marketplace has not and pages want to show: a lease, a dispute, a listing that is being written, a batch that
 * was cancelled. Made as people make them, through the web's own API with their sessions, and waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserContext } from '@playwright/test'
import { createDb, type Db } from '@isochrone/db'
import { newId, usdFromMicroUsd } from '@isochrone/domain'
import type { InstanceInfo } from '../start/instance-file.ts'
import { signInAs } from './sign-in-as.ts'

/** On a machine that does much else. */
const WAIT_MS = 90_000
const LOOK_MS = 500
const CANCELLED_LINES = 400

export async function makeExamples(browser: Browser, info: InstanceInfo, say: (line: string) => void): Promise<void> {
  const db = createDb(info.databaseUrl, { connectionsMax: 1 })
  const team = await browser.newContext()
  const provider = await browser.newContext()
  try {
    await signInAs(team, info, 'team')
    await signInAs(provider, info, 'provider')
    if (!(await db.listing.findFirst())) await call(provider, info, 'listings.create', { key: crypto.randomUUID() })
    if (!(await db.apiKeyBudget.findFirst())) await giveBudgets(team, info)
    if (!(await db.lease.findFirst())) await rent(team, info, db, say)
    if (!(await db.dispute.findFirst())) await dispute(team, info, db, say)
    if (!(await db.batch.findFirst({ where: { status: 'cancelled' } }))) await cancelBatch(team, info, db, say)
  } finally {
    await team.close()
    await provider.close()
    await db.$disconnect()
  }
}

/** A procedure of tRPC as the person of this context calls it. */
async function call<T>(context: BrowserContext, { url }: InstanceInfo, path: string, input: object = {}): Promise<T> {
  const answer = await context.request.post(`${url}/api/trpc/${path}`, { data: { json: input } })
  const body = (await answer.json()) as { result?: { data: { json: T } }; error?: { json: { message: string } } }
  if (body.result) return body.result.data.json
  throw new Error(`${path}: ${body.error?.json.message ?? answer.status()}`)
}

async function waitFor(what: string, look: () => Promise<boolean>, say: (line: string) => void): Promise<void> {
  for (let waitedMs = 0; waitedMs < WAIT_MS; waitedMs += LOOK_MS) {
    if (await look()) return
    await sleep(LOOK_MS)
  }
  say(`${what} takes longer than ${WAIT_MS / 1_000} s: its page is shown as it is.`)
}

/** One for the key that was used, one that comes with a new key. */
async function giveBudgets(team: BrowserContext, info: InstanceInfo): Promise<void> {
  const name = 'Nightly evaluation'
  await call(team, info, 'keys.create', {
    name,
    budget: { amountUsd: '25', period: 'month' },
    key: crypto.randomUUID(),
  })
  const used = await lastUsedKey(team, info)
  if (used) await call(team, info, 'keys.setBudget', { id: used, budget: { amountUsd: '2.50', period: 'day' } })
}

/** The key of the organisation that was used last. */
async function lastUsedKey(team: BrowserContext, { url }: InstanceInfo): Promise<string | undefined> {
  const answer = await team.request.get(`${url}/api/trpc/keys.list`)
  const body = (await answer.json()) as {
    result?: { data: { json: { id: string; enabled: boolean; lastUsedAtMs: number | null }[] } }
  }
  const keys = body.result?.data.json.filter(({ enabled }) => enabled) ?? []
  return keys.toSorted((a, b) => (b.lastUsedAtMs ?? 0) - (a.lastUsedAtMs ?? 0))[0]?.id
}

async function rent(team: BrowserContext, info: InstanceInfo, db: Db, say: (line: string) => void): Promise<void> {
  const wish = { model: info.model, gpus: 1, durationMinutes: 60, maxPerGpuHourUsd: '1', constraints: {} }
  const { id: quoteId } = await call<{ id: string }>(team, info, 'leases.quoteByConstraints', wish)
  const { id } = await call<{ id: string }>(team, info, 'leases.rent', { quoteId })
  await waitFor('The lease', async () => (await db.lease.findUnique({ where: { id } }))?.status === 'running', say)
  await waitFor('Its first receipt', async () => (await db.leaseReceipt.count({ where: { leaseId: id } })) > 0, say)
}

/** On a receipt that was anchored a moment ago: the time to file is short here. */
async function dispute(team: BrowserContext, info: InstanceInfo, db: Db, say: (line: string) => void): Promise<void> {
  const where = { epoch: { not: null }, priceMicroUsd: { gt: 0n }, request: { jobId: null } }
  const receipt = await db.receipt.findFirst({ where, orderBy: { startedAtMs: 'desc' } })
  if (!receipt) return
  const wish = {
    lane: receipt.lane,
    seq: Number(receipt.seq),
    kind: 'wrong_output',
    amountUsd: usdFromMicroUsd(receipt.priceMicroUsd),
    evidence: { mediaType: 'text/plain', text: 'The answer names another city than the one that was asked for.' },
  }
  try {
    await call(team, info, 'disputes.file', wish)
  } catch (error) {
    return say(`No dispute: ${error instanceof Error ? error.message : String(error)}`)
  }
  await waitFor('The dispute', async () => (await db.dispute.count()) > 0, say)
}

async function cancelBatch(
  team: BrowserContext,
  info: InstanceInfo,
  db: Db,
  say: (line: string) => void,
): Promise<void> {
  const url = '/v1/chat/completions'
  const lines = Array.from({ length: CANCELLED_LINES }, (_, line) => {
    const messages = [{ role: 'user', content: `Tell me of travel times, please: ${line}.` }]
    return JSON.stringify({ custom_id: `line-${line}`, method: 'POST', url, body: { model: info.model, messages } })
  })
  const sent = await team.request.post(`${info.url}/api/files?name=evaluation.jsonl`, {
    data: Buffer.from(lines.join('\n')),
    headers: { 'content-type': 'application/x-ndjson' },
  })
  const { id: fileId } = (await sent.json()) as { id: string }
  const { id } = await call<{ id: string }>(team, info, 'batches.create', {
    fileId,
    endpoint: url,
    key: newId('batch'),
  })
  const batch = () => db.batch.findUniqueOrThrow({ where: { id } })
  await waitFor('The batch', async () => (await batch()).linesQueued > 0, say)
  await call(team, info, 'batches.cancel', { id })
  await waitFor('The end of the batch', async () => (await batch()).status === 'cancelled', say)
}
