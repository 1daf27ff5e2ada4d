/** Turns an organisation into a provider. The worker registers it on the chain; until then its nodes stay `joining`. */
import { AppError } from '@isochrone/domain'
import { ownedIdOf, saltOf } from '../funding/owned-id.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ProviderRow } from '../ports/rows.ts'
import type { ProviderView } from '../queries/views/providers.ts'

export async function createProvider(
  { store, chain }: Pick<ControlPlaneDeps, 'store' | 'chain'>,
  { orgId, name, payoutAddress }: { orgId: string; name: string; payoutAddress: string },
): Promise<ProviderView> {
  if (/^0x0{40}$/.test(payoutAddress)) {
    throw new AppError('invalid_input', {
      publicMessage: 'The payout address is zero: payments to it would be lost.',
      field: 'payoutAddress',
    })
  }
  const salt = saltOf('provider', orgId)
  const row = await store.providers.insert({
    id: ownedIdOf(chain.operatorAddress, salt),
    orgId,
    name,
    ownerAddress: chain.operatorAddress,
    payoutAddress: payoutAddress.toLowerCase(),
    salt,
    feeBps: chain.feeBps,
  })
  if (!row) throw new AppError('state_conflict', { publicMessage: 'This organisation is a provider already.' })
  return providerView(row)
}

export function providerView(row: ProviderRow): ProviderView {
  return {
    providerId: row.id,
    name: row.name,
    ownerAddress: row.ownerAddress,
    payoutAddress: row.payoutAddress,
    feeBps: row.feeBps,
    registeredTx: row.registeredTx,
    createdAtMs: row.createdAt.getTime(),
  }
}
