/**
 * Channels that an organisation's own wallet holds. The browser opens, deposits and sets the ceiling; here the channel
 * is named, and linked once its owner has signed a ceiling for exactly this organisation's channel.
 *
 * The totals of a linked channel come from the chain alone, through the worker's indexer.
 */
import { AppError } from '@isochrone/domain'
import { structDigest, typedDataOf, type Hex } from '@isochrone/protocol'
import { isSignedBy } from '../accounts/is-signed-by.ts'
import { commitAndPublish } from '../control/commit-and-publish.ts'
import { recordControlChange } from '../control/record-control-change.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ControlPlaneRepositories } from '../ports/control-plane-store.ts'
import type { ChannelRow } from '../ports/rows.ts'
import type { ChannelView, WalletChannelPlan } from '../queries/views/money.ts'
import { channelView } from './balance.ts'
import { ownedIdOf, saltOf } from './owned-id.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'stream' | 'chain' | 'isSignatureBy'>

/** For an organisation that has a wallet channel already, of any owner, the plan tops that one up. */
export async function prepareWalletChannel(
  { store, chain }: Deps,
  { orgId, ownerAddress, microUsd }: { orgId: string; ownerAddress: string; microUsd: bigint },
): Promise<WalletChannelPlan> {
  const owner = ownerAddress.toLowerCase() as Hex
  const channel = await store.funding.channelOfOrg(orgId)
  refuseOtherOwner(channel, owner)
  const salt = saltOf('channel', orgId)
  const channelId = ownedIdOf(owner, salt)
  const current = channel?.id === channelId ? channel : null
  const amount = (current?.ceilingMicroUsd ?? 0n) + microUsd
  const domain = { chainId: chain.chainId, verifyingContract: chain.channels }
  const typed = typedDataOf(domain, 'Ceiling', { channelId, amount })
  return {
    chainId: chain.chainId,
    rpcUrl: chain.rpcUrl,
    usdc: chain.usdc,
    paymentChannels: chain.channels,
    channelId,
    salt,
    ownerAddress: owner,
    ceilingMicroUsd: current?.ceilingMicroUsd ?? 0n,
    depositedMicroUsd: current?.depositedMicroUsd ?? 0n,
    ceiling: { amountMicroUsd: amount, typedData: typed },
  }
}

/**
 * `forbidden` when the signature is not the owner's (a key or a contract wallet); `state_conflict` when another channel
 * already pays; `chain_unavailable` when only the chain could tell. Idempotent.
 */
export async function linkWalletChannel(
  deps: Deps,
  input: { orgId: string; ownerAddress: string; ceilingMicroUsd: bigint; signature: string },
): Promise<ChannelView> {
  const owner = input.ownerAddress.toLowerCase() as Hex
  const salt = saltOf('channel', input.orgId)
  const channelId = ownedIdOf(owner, salt)
  const domain = { chainId: deps.chain.chainId, verifyingContract: deps.chain.channels }
  const digest = structDigest(domain, 'Ceiling', { channelId, amount: input.ceilingMicroUsd })
  if (!(await isSignedBy(deps, { signer: owner, digest, signature: input.signature as Hex }))) {
    throw new AppError('forbidden', {
      publicMessage: 'The signature is not by this wallet, or not over this amount. Sign the ceiling again.',
    })
  }
  const row = await commitAndPublish(deps, async (tx) => {
    const existing = await tx.funding.channelOfOrg(input.orgId)
    if (existing?.id === channelId) return existing
    await makeRoom(tx, existing, owner)
    const row = { id: channelId, orgId: input.orgId, custody: 'wallet', ownerAddress: owner, salt } as const
    const inserted = await tx.funding.insertChannel(row)
    if (!inserted) throw new AppError('state_conflict', { publicMessage: 'This channel is linked already.' })
    await recordControlChange(tx.control, { orgIds: [input.orgId] })
    return inserted
  })
  return channelView(deps.store.funding, row)
}

/** An unused channel gives way; one with money or history does not. */
async function makeRoom(tx: ControlPlaneRepositories, existing: ChannelRow | null, owner: Hex): Promise<void> {
  if (!existing) return
  const orders = await tx.funding.openOrders(existing.orgId)
  if (orders === 0 && (await tx.funding.removeUnusedChannel(existing.id))) return
  refuseOtherOwner({ ...existing, depositedMicroUsd: existing.depositedMicroUsd || 1n }, owner)
}

function refuseOtherOwner(channel: ChannelRow | null, owner: Hex): void {
  if (!channel || channel.ownerAddress === owner || channel.depositedMicroUsd === 0n) return
  throw new AppError('state_conflict', {
    publicMessage:
      channel.custody === 'managed'
        ? 'This organisation already pays from a managed balance.'
        : `This organisation already pays from the wallet ${channel.ownerAddress}.`,
  })
}
