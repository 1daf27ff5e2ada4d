/** The worst case of a request, held twice: in its organisation's channel, and in the budget of the key that it came in by. */
import type { Reservation } from '../budget/budget-types.ts'
import type { RequestContext } from './request-context.ts'
import type { ServeDeps } from './serving.ts'

type MoneyDeps = Pick<ServeDeps, 'budget' | 'keyBudgets'>
type Payer = Pick<RequestContext, 'channelId' | 'keyId' | 'receivedAtMs'>

/** Both or none. Throws as `Budget.reserve` does. */
export async function reserveMoney(
  { budget, keyBudgets }: MoneyDeps,
  payer: Payer,
  microUsd: bigint,
): Promise<Pick<Reservation, 'release'>> {
  const ofChannel = await budget.reserve(payer.channelId, microUsd)
  try {
    const ofKey = await keyBudgets.reserve(payer, microUsd)
    if (ofKey === null) return ofChannel
    return {
      release() {
        ofKey.release()
        ofChannel.release()
      },
    }
  } catch (error) {
    ofChannel.release()
    throw error
  }
}

/** Throws where either could not cover it now. Reserves nothing. */
export async function requireMoney({ budget, keyBudgets }: MoneyDeps, payer: Payer, microUsd: bigint): Promise<void> {
  await budget.requireCover(payer.channelId, microUsd)
  await keyBudgets.requireCover(payer, microUsd)
}
