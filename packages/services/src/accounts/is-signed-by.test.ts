/** A key's signature needs no chain; a contract wallet's is the chain's to judge, and when it cannot, that is said. */
import { AppError } from '@isochrone/domain'
import { addressOfKey, signDigest, type Hex } from '@isochrone/protocol'
import { expect, test, vi } from 'vitest'
import { linkWalletChannel } from '../funding/wallet-channel.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import { isSignedBy } from './is-signed-by.ts'

const key: Hex = `0x${'11'.repeat(32)}`
const wallet: Hex = `0x${'cc'.repeat(20)}`
const digest = new Uint8Array(32).fill(7)
const signature = signDigest(digest, key)

test('the chain is asked only where the key itself did not sign', async () => {
  const isSignatureBy = vi.fn(async ({ signer }: { signer: Hex }) => signer === wallet)
  expect(await isSignedBy({ isSignatureBy }, { signer: addressOfKey(key), digest, signature })).toBe(true)
  expect(isSignatureBy).not.toHaveBeenCalled()
  expect(await isSignedBy({ isSignatureBy }, { signer: wallet, digest, signature: '0x12' })).toBe(true)
  expect(isSignatureBy).toHaveBeenCalledWith({ signer: wallet, digest: `0x${'07'.repeat(32)}`, signature: '0x12' })
  expect(await isSignedBy({ isSignatureBy }, { signer: `0x${'dd'.repeat(20)}`, digest, signature })).toBe(false)
  expect(await isSignedBy({}, { signer: wallet, digest, signature })).toBe(false)
})

test('a channel of a contract wallet is refused as foreign, or because nobody could ask; never one for the other', async () => {
  const link = (isSignatureBy: ControlPlaneDeps['isSignatureBy']) => {
    const transaction = vi.fn(() => Promise.reject(new Error('reached the database')))
    const chain = { chainId: 31_337, channels: `0x${'44'.repeat(20)}` }
    const deps = { store: { transaction }, stream: {}, chain, isSignatureBy } as unknown as ControlPlaneDeps
    return linkWalletChannel(deps, { orgId: 'org_1', ownerAddress: wallet, ceilingMicroUsd: 5n, signature: '0x12' })
  }
  await expect(link(async () => true)).rejects.toThrow('reached the database')
  await expect(link(async () => false)).rejects.toMatchObject({
    code: 'forbidden',
    publicMessage: expect.stringContaining('not by this wallet'),
  })
  const away = () => Promise.reject(new AppError('chain_unavailable', { publicMessage: 'The chain does not answer.' }))
  await expect(link(away)).rejects.toMatchObject({
    code: 'chain_unavailable',
    publicMessage: expect.stringContaining('could not be asked of the chain'),
  })
})
