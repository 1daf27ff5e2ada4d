/** Who reads a dispute sees of its request's attempts what is theirs to see. */
import { expect, test } from 'vitest'
import { disputeAttempts, type AttemptStores } from './dispute-attempts.ts'

const attemptAt = (nodeId: string, attempt: number) => ({
  attempt,
  nodeId,
  outcome: 'engine_error',
  ttftMs: null,
  durationMs: 12,
  message: `what ${nodeId} said`,
})
const nodes = { mine: 'provider_a', also: 'provider_a', rival: 'provider_b' }

function storesOf(attempts: unknown): AttemptStores {
  return {
    disputes: { attemptsOf: async (requestId) => (requestId === 'req_1' ? attempts : null) },
    providers: {
      nodesByNodeId: async (ids) =>
        Object.entries(nodes).flatMap(([nodeId, providerId]) =>
          ids.includes(nodeId) ? [{ nodeId, providerId } as never] : [],
        ),
    },
  }
}

const stores = storesOf([attemptAt('rival', 0), attemptAt('mine', 1), attemptAt('gone', 2), attemptAt('also', 3)])

test('a provider is told of attempts at its own nodes alone', async () => {
  const seen = await disputeAttempts(stores, 'req_1', 'provider_a')
  expect(seen.map(({ nodeId }) => nodeId)).toEqual(['mine', 'also'])
  expect(JSON.stringify(seen)).not.toContain('rival')
})

test('its payer and staff are told of all, in their order', async () => {
  const seen = await disputeAttempts(stores, 'req_1', null)
  expect(seen.map(({ nodeId }) => nodeId)).toEqual(['rival', 'mine', 'gone', 'also'])
})

test('a request of which nothing is kept, or nothing that can be read, has no attempts', async () => {
  expect(await disputeAttempts(stores, 'req_2', 'provider_a')).toEqual([])
  expect(await disputeAttempts(storesOf([{ attempt: 'first' }]), 'req_1', null)).toEqual([])
})
