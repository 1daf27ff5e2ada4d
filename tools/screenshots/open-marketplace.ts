/** The marketplace that a tool of pages looks at: one that runs, or one of its own that is started, used and stopped. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readInstanceFile, type InstanceInfo } from '../start/instance-file.ts'
import { startMarketplace } from '../start/marketplace.ts'
import { useMarketplace } from './use-marketplace.ts'

export interface OpenMarketplace {
  info: InstanceInfo
  /** Leaves one that ran before as it is. */
  stop: () => Promise<void>
}

/** @param dataDir of a marketplace that runs and was used. */
export async function openMarketplace(
  dataDir: string | undefined,
  say: (line: string) => void,
): Promise<OpenMarketplace> {
  if (dataDir !== undefined) {
    const running = readInstanceFile(resolve(dataDir))
    if (!running) throw new Error(`No marketplace runs on ${dataDir}.`)
    return { info: running, stop: async () => {} }
  }
  const ownDir = mkdtempSync(join(tmpdir(), 'isochrone-pages-'))
  // As root, Postgres runs as a user of its own, who must be able to pass through.
  chmodSync(ownDir, 0o755)
  say('Starting a marketplace…')
  const market = await startMarketplace({ dataDir: ownDir, ports: 'free', epochMs: 10_000, challengeWindowMs: 3_000 })
  const stop = async () => {
    await market.stop()
    rmSync(ownDir, { recursive: true, force: true })
  }
  try {
    await useMarketplace(market.info, say)
  } catch (error) {
    await stop()
    throw error
  }
  return { info: market.info, stop }
}
