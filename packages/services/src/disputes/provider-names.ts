/** Names of the providers that disputes are about, by id. */
import type { DisputeDeps } from './place-order.ts'

export async function providerNames(
  { store }: Pick<DisputeDeps, 'store'>,
  rows: readonly { providerId: string }[],
): Promise<Map<string, string>> {
  const names = new Map<string, string>()
  for (const id of new Set(rows.map(({ providerId }) => providerId))) {
    const provider = await store.providers.byId(id)
    if (provider) names.set(id, provider.name)
  }
  return names
}
