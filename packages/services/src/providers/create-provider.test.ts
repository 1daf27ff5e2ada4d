/** Money goes where its owner can reach it: a wallet that signs is the wallet that is paid, for this organisation alone. */
import { expect, test, vi } from 'vitest'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import { createProvider } from './create-provider.ts'

/** `personal_sign` of `payoutMessage` by viem's accounts of the keys 0x1111… and 0x2222…. */
const payoutAddress = '0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a'
const payoutSignature =
  '0xce3fc9a6db34d1b77a7145f974c4cfb86800481181779239882a3dea96b433764c926c9a024998d8dfa716129358004e30a49753f0ce7b5bca0cafbbafbd34511b'
const foreignSignatures = {
  'another wallet':
    '0xb7319da804a46384a2e7bd99c7b171f77678e0203103a74f07ba7377d20ec44352312ab9e92cd3f8592eff88d195d03f952fce0d2cc4911b0be403df2c6613071c',
  'another organisation':
    '0x7c4b0e6b56e83229d4c2bf807652c0631cbc42c7b286838fa0d957f78ac01f2a6c98fc87b73380c7a3c4accd4c7ea1c447f9d4f8ecc92c1367b680913a92d8691b',
  'another address':
    '0xd325603dc74d340d9c5d5f1671005aba1217d6301e7b08ee45f1da3e9694ebb81082ecd402f6a26190da3ddd4801ff49ad34780e8484dda700e7f8398115b5dc1b',
  nobody: `0x${'00'.repeat(65)}`,
  'a fragment': '0x12',
}

function setUp() {
  const insert = vi.fn(async (row: object) => ({ ...row, registeredTx: null, createdAt: new Date(0) }))
  const deps = {
    store: { providers: { insert } },
    chain: { operatorAddress: `0x${'33'.repeat(20)}`, feeBps: 500 },
  } as unknown as ControlPlaneDeps
  return { deps, insert }
}
const asked = { orgId: 'org_1', name: 'P', payoutAddress }

test('a signature of the payout wallet is taken; an address without one, though it was typed with care, is not', async () => {
  const { deps, insert } = setUp()
  await expect(createProvider(deps, asked)).rejects.toMatchObject({
    code: 'invalid_input',
    field: 'payoutAddress',
    publicMessage: expect.stringContaining('has not signed'),
  })
  expect(insert).not.toHaveBeenCalled()
  expect(await createProvider(deps, { ...asked, payoutSignature })).toMatchObject({ payoutAddress })
  expect(insert).toHaveBeenCalledTimes(1)
})

/** Nothing but a contract wallet can say whether it signed: the chain is asked (ERC-1271, ERC-6492). */
test('a contract wallet signs as the chain says that it does', async () => {
  const { deps, insert } = setUp()
  const payoutSignature = `0x${'c0'.repeat(40)}`
  const isSignatureBy = vi.fn(async ({ signature }: { signature: string }) => signature === payoutSignature)
  const withChain = { ...deps, isSignatureBy }
  expect(await createProvider(withChain, { ...asked, payoutSignature })).toMatchObject({ payoutAddress })
  await expect(createProvider(withChain, { ...asked, payoutSignature: '0xc0c0' })).rejects.toMatchObject({
    field: 'payoutAddress',
  })
  expect(insert).toHaveBeenCalledTimes(1)
})

test('of another wallet, for another organisation or address, or broken: nothing is made', async () => {
  const { deps, insert } = setUp()
  for (const [whose, signature] of Object.entries(foreignSignatures)) {
    await expect(createProvider(deps, { ...asked, payoutSignature: signature }), whose).rejects.toMatchObject({
      code: 'invalid_input',
      field: 'payoutAddress',
    })
  }
  await expect(createProvider(deps, { ...asked, payoutAddress: `0x${'00'.repeat(20)}` })).rejects.toMatchObject({
    field: 'payoutAddress',
  })
  expect(insert).not.toHaveBeenCalled()
})
