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
  /** Of the organisation's own wallet, which has to sign that it is; left out, the platform holds an account for it. */
  payoutAddress?: string | undefined
  /** Of `payoutMessage`, by the payout address, a key or a contract wallet: shows that somebody holds it. */
  payoutSignature?: string | undefined
}

type Deps = Pick<ControlPlaneDeps, 'store' | 'chain' | 'isSignatureBy' | 'managedPayoutAddressOf'>

/** @throws AppError `invalid_input` for the zero address, and without a signature of the wallet that is to be paid; `chain_unavailable`. */
export async function createProvider(deps: Deps, input: NewProvider): Promise<ProviderView> {
  const { store, chain } = deps
  const { orgId, name, payoutAddress } = input
  const salt = saltOf('provider', orgId)
  const id = ownedIdOf(chain.operatorAddress, salt)
  const payout =
    payoutAddress === undefined
      ? ({ payoutCustody: 'managed', payoutAddress: managedAddress(deps, input, id) } as const)
      : ({ payoutCustody: 'wallet', payoutAddress: await ownAddress(deps, input, payoutAddress) } as const)
  const row = await store.providers.insert({
    id,
    orgId,
    name,
    ownerAddress: chain.operatorAddress,
    ...payout,
    salt,
    feeBps: chain.feeBps,
  })
  if (!row) throw new AppError('state_conflict', { publicMessage: 'This organisation is a provider already.' })
  return providerView(row)
}

function managedAddress({ managedPayoutAddressOf }: Deps, { payoutSignature }: NewProvider, id: Hex): Hex {
  if (payoutSignature !== undefined) {
    throw new AppError('invalid_input', {
      publicMessage: 'A signature came without the address of its wallet. Connect the wallet again.',
      field: 'payoutAddress',
    })
  }
  if (managedPayoutAddressOf) return managedPayoutAddressOf(id)
  throw new AppError('state_conflict', {
    publicMessage: 'This market holds no payout accounts. Give the address of a wallet of your own.',
  })
}

async function ownAddress(deps: Deps, { orgId, payoutSignature }: NewProvider, payoutAddress: string): Promise<string> {
  if (/^0x0{40}$/.test(payoutAddress)) {
    throw new AppError('invalid_input', {
      publicMessage: 'The payout address is zero: payments to it would be lost.',
      field: 'payoutAddress',
    })
  }
  if (payoutSignature === undefined) {
    throw new AppError('invalid_input', {
      publicMessage:
        'The wallet that is to be paid has not signed, and what is paid to a wrong address is lost. Let it sign, or choose a managed account.',
      field: 'payoutAddress',
    })
  }
  const signed = {
    signer: payoutAddress as Hex,
    digest: digestOfMessage(payoutMessage({ orgId, payoutAddress })),
    signature: payoutSignature as Hex,
  }
  if (!(await isSignedBy(deps, signed))) {
    throw new AppError('invalid_input', {
      publicMessage: 'The signature is not of the wallet that is to be paid. Connect that wallet and sign again.',
      field: 'payoutAddress',
    })
  }
  return payoutAddress.toLowerCase()
}

export function providerView(row: ProviderRow): ProviderView {
  return {
    providerId: row.id,
    name: row.name,
    ownerAddress: row.ownerAddress,
    payoutAddress: row.payoutAddress,
    payoutCustody: row.payoutCustody,
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
