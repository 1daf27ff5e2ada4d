/**
 * A managed wallet's deposit that happens once for each order, by an ERC-3009 authorization whose nonce is the order's:
 * the token itself refuses to use it twice, whatever crashes in between.
 */
import {
  depositAuthorizationTypedData,
  depositWithAuthorization,
  type ChainWriter,
  type WriteOutcome,
} from '@isochrone/contracts-client'
import { AppError } from '@isochrone/domain'
import { bytes32Of, type Hex } from '@isochrone/protocol'
import { holdMoney } from './platform-money.ts'

/** Far enough away never to matter; a replay is stopped by the nonce. */
const VALID_BEFORE_S = 4_102_444_800n

export async function depositOnce(
  wallet: ChainWriter,
  { channelId, microUsd: amount, orderId }: { channelId: Hex; microUsd: bigint; orderId: string },
): Promise<WriteOutcome> {
  const { deployment, sender } = wallet
  const from = sender.account.address
  // Nobody has paid for a top-up yet: with real money it would be a gift of the platform's own.
  if (deployment.codeHashes.token === null) {
    throw new AppError('state_conflict', {
      publicMessage: 'Managed top-ups are for test money, which is not what this market uses. Pay in from a wallet.',
    })
  }
  await holdMoney(wallet, amount)
  const authorization = {
    channelId,
    from,
    amount,
    validAfterS: 0n,
    validBeforeS: VALID_BEFORE_S,
    nonceSalt: bytes32Of(orderId),
  }
  const { chainId, addresses } = deployment
  const { token, channels } = addresses
  const typedData = depositAuthorizationTypedData({ ...authorization, chainId, token, channels })
  const signature = await sender.account.signTypedData(typedData)
  return depositWithAuthorization(wallet, { ...authorization, signature })
}
