/** Which stake a wallet puts up is said by the server: of the provider who asks, from the wallet that it is paid to, once the vault knows it. */
import type { Hex } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import { requestStake, STAKE_MIN_MICRO_USD } from './stake.ts'
import { walletStakePlan } from './wallet-stake.ts'

const id = (digit: string): Hex => `0x${digit.repeat(64)}`
const address = (digit: string): Hex => `0x${digit.repeat(40)}`
const row = {
  id: id('a'),
  name: 'Ada Compute',
  payoutCustody: 'wallet',
  payoutAddress: address('3'),
  registeredTx: '0x1',
}

function asked(provider: Partial<typeof row> | null) {
  const found = provider && { ...row, ...provider }
  const orders: unknown[] = []
  const deps = {
    store: {
      providers: { byId: async (wanted: string) => (wanted === found?.id ? found : null) },
      payouts: { provider: async () => found },
      listings: { insertStakeOrder: async (order: object) => (orders.push(order), { ...order, status: 'queued' }) },
    },
    chain: { chainId: 8_453, rpcUrl: 'https://chain.test', usdc: address('1'), vault: address('2') },
  } as unknown as Pick<ControlPlaneDeps, 'store' | 'chain'>
  return {
    orders,
    plan: (microUsd = STAKE_MIN_MICRO_USD) => walletStakePlan(deps, { providerId: row.id, microUsd }),
    request: () => requestStake(deps, { providerId: row.id, userId: 'u', microUsd: STAKE_MIN_MICRO_USD }),
  }
}

test('the plan names the provider’s own stake and the wallet that it is paid to', async () => {
  expect(await asked({}).plan()).toEqual({
    chainId: 8_453,
    rpcUrl: 'https://chain.test',
    usdc: address('1'),
    vault: address('2'),
    providerId: id('a'),
    providerName: 'Ada Compute',
    payerAddress: address('3'),
    goalMicroUsd: STAKE_MIN_MICRO_USD,
  })
})

test('nothing is planned for strangers, below the least stake, before the registration, or beside a managed account', async () => {
  await expect(asked(null).plan()).rejects.toMatchObject({ code: 'not_found' })
  await expect(asked({}).plan(STAKE_MIN_MICRO_USD - 1n)).rejects.toMatchObject({
    code: 'invalid_input',
    field: 'stakeUsd',
  })
  await expect(asked({ registeredTx: null as unknown as string }).plan()).rejects.toMatchObject({
    code: 'state_conflict',
  })
  await expect(asked({ payoutCustody: 'managed' }).plan()).rejects.toMatchObject({ code: 'state_conflict' })
})

test('the platform’s account never stakes for a provider with a wallet of its own', async () => {
  const own = asked({})
  await expect(own.request()).rejects.toMatchObject({ code: 'state_conflict' })
  expect(own.orders).toEqual([])
  const managed = asked({ payoutCustody: 'managed' })
  await managed.request()
  expect(managed.orders).toHaveLength(1)
})
