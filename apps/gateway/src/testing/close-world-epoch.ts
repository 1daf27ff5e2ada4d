/** Closes the epoch of a running gateway and fetches its file as anybody would, for the public verifier. For tests. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EpochClosedEntry } from '@isochrone/protocol'
import { until, WORLD_TOKEN, type GatewayWorld } from './gateway-world.ts'
import type { PublishedFile } from './verify-file.ts'

export async function closeWorldEpoch(world: GatewayWorld): Promise<EpochClosedEntry & PublishedFile> {
  await fetch(`${world.url}/internal/v1/close-epoch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${WORLD_TOKEN}` },
  })
  const closed = async () => (await world.published()).findLast((entry) => entry.type === 'epoch-closed')
  await until(async () => (await closed()) !== undefined)
  const entry = await closed()
  if (!entry) throw new Error('the closed epoch was not published')
  const { epoch } = entry.anchor
  const path = join(world.stack.dir, `${String(epoch)}.gz`)
  const file = await fetch(`${world.url}/v1/epochs/${String(epoch)}/file`)
  writeFileSync(path, new Uint8Array(await file.arrayBuffer()))
  return { ...entry, path }
}
