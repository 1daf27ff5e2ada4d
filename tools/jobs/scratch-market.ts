/** A marketplace of its own for a measurement or a trial of queued work: free ports, a fresh directory, gone at the end. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDb, type Db } from '@isochrone/db'
import { startMarketplace, type Marketplace } from '../start/marketplace.ts'

export interface ScratchMarket {
  market: Marketplace
  db: Db
  /** The model of the simulated nodes: they answer without the machine's cores. */
  model: string
  stop: () => Promise<void>
}

export async function startScratchMarket(): Promise<ScratchMarket> {
  const dataDir = mkdtempSync(join(tmpdir(), 'isochrone-jobs-'))
  // As root, Postgres runs as a user of its own, who must be able to pass through.
  chmodSync(dataDir, 0o755)
  const remove = () => rmSync(dataDir, { recursive: true, force: true })
  const market = await startMarketplace({
    dataDir,
    ports: 'free',
    web: false,
    epochMs: 10_000,
    challengeWindowMs: 3_000,
  }).catch((error: unknown) => {
    remove()
    throw error
  })
  const db = createDb(market.info.databaseUrl, { connectionsMax: 3 })
  const stop = async () => {
    await db.$disconnect()
    await market.stop()
    remove()
  }
  try {
    const { gatewayUrl, apiKey } = market.info
    const answer = await fetch(`${gatewayUrl}/v1/models`, { headers: { authorization: `Bearer ${apiKey}` } })
    const { data } = (await answer.json()) as { data: { id: string; isochrone?: { simulated?: number } }[] }
    const simulated = data.find(({ isochrone }) => (isochrone?.simulated ?? 0) > 0)
    // The seed's organisation may ask as often as a person would; a bench asks more.
    const generous = { requestsPerMinuteMax: 1_000_000, concurrentRequestsMax: 10_000 }
    for (const { id: orgId } of await db.organization.findMany({ select: { id: true } })) {
      await db.orgSettings.upsert({ where: { orgId }, create: { orgId, ...generous }, update: generous })
    }
    // A gateway that starts reads them all.
    await market.children.gateway.restart()
    return { market, db, model: simulated?.id ?? market.info.model, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
