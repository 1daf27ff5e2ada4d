/** Turns an organisation into a provider. The worker registers it on the chain; until then its nodes stay `joining`. */
import { AppError, payoutMessage } from '@isochrone/domain'
import { keccak256, type Hex } from '@isochrone/protocol'
import { isSignedBy } from '../accounts/is-signed-by.ts'
import { ownedIdOf, saltOf } from '../funding/owned-id.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ProviderRow } from '../ports/rows.ts'
import type { ProviderView } from '../queries/views/providers.ts'

export interface NewProvider {
  orgId: string
  name: string
  payoutAddress: string
  /** Of `payoutMessage`, by the payout address, a key or a contract wallet: shows that somebody holds it. */
  payoutSignature?: string | undefined
}

/** @throws AppError `invalid_input` for the zero address and a signature of another wallet; `chain_unavailable`. */
export async function createProvider(
  deps: Pick<ControlPlaneDeps, 'store' | 'chain' | 'isSignatureBy'>,
  { orgId, name, payoutAddress, payoutSignature }: NewProvider,
): Promise<ProviderView> {
  const { store, chain } = deps
  if (/^0x0{40}$/.test(payoutAddress)) {
    throw new AppError('invalid_input', {
      publicMessage: 'The payout address is zero: payments to it would be lost.',
      field: 'payoutAddress',
    })
  }
  const signed = payoutSignature === undefined || {
    signer: payoutAddress as Hex,
    digest: digestOfMessage(payoutMessage({ orgId, payoutAddress })),
    signature: payoutSignature as Hex,
  }
  if (signed !== true && !(await isSignedBy(deps, signed))) {
    throw new AppError('invalid_input', {
      publicMessage: 'The signature is not of the wallet that is to be paid. Connect that wallet and sign again.',
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

/** EIP-191 `personal_sign`. */
function digestOfMessage(message: string): Uint8Array {
  const text = new TextEncoder().encode(message)
  const head = new TextEncoder().encode(`\x19Ethereum Signed Message:\n${text.length}`)
  return keccak256(Buffer.concat([head, text]))
}
