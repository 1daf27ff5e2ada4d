/**
 * Walks a lane through four epochs with 51 channels of one provider, and notes what each kind of transaction costs.
 *
 * "First" is the first claim of a (channel, provider, lane), which fills an empty slot; every later one is a repeat. A
 * provider's first claim in an epoch fills its pending of that epoch too, and sets aside in it what its receipts earned: all
 * that the channels' vouchers are still to claim.
 */
import {
  addressOfKey,
  addressToBytes32,
  leafOfHash,
  signStruct,
  type EpochAnchor,
  type Hex,
  type Voucher,
} from '@isochrone/protocol'
import {
  encodeAbiParameters,
  keccak256,
  pad,
  parseSignature,
  signatureToCompactSignature,
  stringToHex,
  toHex,
} from 'viem'
import type { GasFigures } from './figures.ts'
import { operatorKey, startGasChain, type GasChain } from './gas-chain.ts'

const laneKey = keccak256(stringToHex('gas bench lane'))
const lane = addressToBytes32(addressOfKey(laneKey))
const batch = 50
const receiptsPerEpoch = 65_536
const proofLevels = 17
/** An epoch number as they are in practice: hours since 1970. */
const firstEpoch = 490_000

export async function measureGas(): Promise<GasFigures> {
  const chain = await startGasChain()
  try {
    return await measureOn(chain)
  } finally {
    await chain.stop()
  }
}

async function measureOn(chain: GasChain): Promise<GasFigures> {
  const { providerId, channels } = await setUp(chain)
  const [alone] = channels.slice(batch) as [Hex]
  const fifty = channels.slice(0, batch)
  const claims = claimsOf(chain, providerId)
  const [first, second, third, fourth] = [firstEpoch, firstEpoch + 1, firstEpoch + 2, firstEpoch + 3] as const
  const proof = proofOf(proofLevels)

  const anchorFirst = await anchorEpoch(chain, first, rootOf(first))
  const claimEachOf50First = (await claims.each(fifty, first, 5_000_017n)) / batch
  const claimOneFirst = await claims.one(alone, first, 5_000_017n)

  const anchor = await anchorEpoch(chain, second, proof.root)
  const claimEachOf50 = (await claims.each(fifty, second, 9_000_017n)) / batch
  const claimOne = await claims.one(alone, second, 9_000_017n)

  await anchorEpoch(chain, third, rootOf(third))
  const claimOneOfNewEpoch = await claims.one(alone, third, 990_000_017n)
  const claimOneNotSetAside = await claims.one(alone, third, 991_000_017n)
  await anchorEpoch(chain, fourth, rootOf(fourth))
  await claims.one(alone, fourth, 992_000_017n)
  const claimManyOf2 = (await claims.many(fifty.slice(0, 2), fourth, 10_000_017n)) / 2
  const proofArgs = [lane, BigInt(second), 2, proof.structHash, proof.siblings]
  const proveReceipt = await chain.send('anchor', 'proveReceipt', proofArgs)
  return {
    claimOne,
    claimEachOf50,
    anchor,
    proveReceipt,
    claimOneFirst,
    claimEachOf50First,
    claimOneOfNewEpoch,
    claimOneNotSetAside,
    claimManyOf2,
    anchorFirst,
    evidencePerReceiptAt65536: anchor / receiptsPerEpoch,
  }
}

/** A lane, a provider, and 51 channels with a thousand dollars each. */
async function setUp(chain: GasChain): Promise<{ providerId: Hex; channels: Hex[] }> {
  const { chainId, operator, addresses } = chain
  const laneAdmin = keccak256(stringToHex('LANE_ADMIN_ROLE'))
  await chain.send('registry', 'grantRole', [laneAdmin, operator])
  const laneKeyValue = { gatewayKey: addressOfKey(laneKey), operator }
  const possession = signStruct({ chainId, verifyingContract: addresses.registry }, 'LaneKey', laneKeyValue, laneKey)
  await chain.send('registry', 'addLane', [laneKeyValue.gatewayKey, operator, possession.signature])
  const salt = pad(stringToHex('provider'))
  await chain.send('registry', 'registerProvider', [salt, operator])

  await chain.send('token', 'mint', [operator, 900_000_000_000n])
  await chain.send('token', 'approve', [addresses.channels, 2n ** 256n - 1n])
  const channels: Hex[] = []
  for (let i = 0; i <= batch; i++) {
    const channelSalt = pad(toHex(i + 1))
    await chain.send('channels', 'open', [operator, channelSalt])
    const channelId = idOf(operator, channelSalt)
    await chain.send('channels', 'deposit', [channelId, 1_000_000_000n])
    const value = { channelId, amount: 1_000_000_000n }
    const domain = { chainId, verifyingContract: addresses.channels }
    const { signature } = signStruct(domain, 'Ceiling', value, operatorKey)
    await chain.send('channels', 'setCeiling', [channelId, value.amount, signature])
    channels.push(channelId)
  }
  return { providerId: idOf(operator, salt), channels }
}

function claimsOf(chain: GasChain, providerId: Hex) {
  const domain = { chainId: chain.chainId, verifyingContract: chain.addresses.channels }
  const signed = (channelId: Hex, epoch: number, cumulative: bigint) => {
    const earned = earnedIn(epoch)
    const value: Voucher = { channelId, providerId, lane, epoch, cumulative, receiptRoot: rootOf(epoch), earned }
    const { signature } = signStruct(domain, 'Voucher', value, laneKey)
    const { r, yParityAndS } = signatureToCompactSignature(parseSignature(signature))
    return { value, signature, r, vs: yParityAndS }
  }
  return {
    one: (channelId: Hex, epoch: number, cumulative: bigint) => {
      const { value, r, vs } = signed(channelId, epoch, cumulative)
      return chain.send('channels', 'claimCompact', [{ ...value, epoch: BigInt(epoch) }, r, vs])
    },
    many: (channelIds: readonly Hex[], epoch: number, cumulative: bigint) => {
      const vouchers = channelIds.map((channelId) => signed(channelId, epoch, cumulative))
      const values = vouchers.map(({ value }) => ({ ...value, epoch: BigInt(epoch) }))
      return chain.send('channels', 'claimMany', [values, vouchers.map(({ signature }) => signature)])
    },
    each: (channelIds: readonly Hex[], epoch: number, cumulative: bigint) => {
      const dues = channelIds.map((channelId) => {
        const { r, vs } = signed(channelId, epoch, cumulative)
        return { channelId, cumulative, r, vs }
      })
      return chain.send('channels', 'claimEach', [
        providerId,
        lane,
        BigInt(epoch),
        rootOf(epoch),
        earnedIn(epoch),
        dues,
      ])
    },
  }
}

async function anchorEpoch(chain: GasChain, epoch: number, root: Hex): Promise<number> {
  const fromSeq = (epoch - firstEpoch) * receiptsPerEpoch + 1
  const value: EpochAnchor = {
    lane,
    epoch,
    root,
    count: receiptsPerEpoch,
    sum: 1_000_000_000n,
    dataHash: keccak256(root),
    fromSeq,
    toSeq: fromSeq + receiptsPerEpoch - 1,
  }
  const domain = { chainId: chain.chainId, verifyingContract: chain.addresses.anchor }
  const { signature } = signStruct(domain, 'EpochAnchor', value, laneKey)
  const { count, toSeq } = value
  const numbers = { epoch: BigInt(epoch), count: BigInt(count), fromSeq: BigInt(fromSeq), toSeq: BigInt(toSeq) }
  const { r, yParityAndS } = signatureToCompactSignature(parseSignature(signature))
  return chain.send('anchor', 'anchorCompact', [{ ...value, ...numbers }, r, yParityAndS])
}

/** A receipt, and siblings that lead from its leaf to a root. */
function proofOf(levels: number): { structHash: Hex; siblings: Hex[]; root: Hex } {
  const structHash = keccak256(stringToHex('receipt'))
  const siblings = Array.from({ length: levels }, (_, level) => keccak256(stringToHex(`sibling ${level}`)))
  let root = leafOfHash('DeliveryReceipt', structHash)
  for (const sibling of siblings) root = hashPair(root, sibling)
  return { structHash, siblings, root }
}

function hashPair(a: Hex, b: Hex): Hex {
  const [low, high] = a < b ? [a, b] : [b, a]
  return keccak256(`${low}${high.slice(2)}` as Hex)
}

/** Σ price of the provider's receipts in an epoch, µUSD: what its vouchers add to those of the epoch before. */
function earnedIn(epoch: number): bigint {
  const channels = BigInt(batch + 1)
  if (epoch === firstEpoch) return channels * 5_000_017n
  // In the third only the channel that claims alone has any, and in the end claims a rest beyond it. In the fourth it and
  // two others have a dollar each, and one that is left.
  if (epoch === firstEpoch + 3) return 4_000_000n
  return epoch === firstEpoch + 1 ? channels * 4_000_000n : 981_000_000n
}

const rootOf = (epoch: number): Hex => keccak256(stringToHex(`root ${epoch}`))

/** As the contracts derive ids: keccak256(abi.encode(owner, salt)). */
function idOf(owner: Hex, salt: Hex): Hex {
  return keccak256(encodeAbiParameters([{ type: 'address' }, { type: 'bytes32' }], [owner, salt]))
}
