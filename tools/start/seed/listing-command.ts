/** The wizard as far as the command that an agent joins by, for tests of who may join. */
import type { ApiCaller } from '@isochrone/api'

/** Of the newest open token, which the listing has. */
export async function listingCommand(
  api: ApiCaller,
  machine: { nodeName: string; tier?: 'edge' | 'regional' | 'cloud'; dataPolicy?: 'any' | 'no_training' },
): Promise<{ token: string; joinTokenId: string; listingId: string }> {
  const place = { region: 'eu-de', country: 'DE', sharedHost: false }
  const draft = { machine: { tier: 'regional', dataPolicy: 'any', ...place, ...machine } } as const
  const { id, version } = await api.listings.create({ key: crypto.randomUUID() })
  const saved = await api.listings.save({ id, version, draft })
  const { token } = await api.listings.command({ id, version: saved.version })
  const made = (await api.provider.joinTokens()).find(({ nodeName }) => nodeName === machine.nodeName)
  if (!made) throw new Error('the listing has no token')
  return { token, joinTokenId: made.id, listingId: id }
}
