/** What nodes of different makes answer to a sending, read rightly: nothing is sent twice, nothing is given up early. */
import { expect, test } from 'vitest'
import { RpcRequestError, TransactionNotFoundError, type Hex, type PublicClient } from 'viem'

import { broadcast } from './broadcast.ts'
import type { Time } from './time.ts'

const raw: Hex = '0x02aa'
const time: Time = { nowMs: () => 0, sleep: async () => {} }

interface Node {
  /** What each sending is answered with; null accepts it. The last one stays. */
  answers: (string | null)[]
  /** Whether it knows the transaction; null does not answer. */
  knows: boolean | null
}

function clientOf({ answers, knows }: Node): { client: PublicClient; sends: () => number } {
  let sends = 0
  const client = {
    async sendRawTransaction() {
      const answer = answers[Math.min(sends, answers.length - 1)]
      sends += 1
      if (answer === null || answer === undefined) return '0x'
      throw new RpcRequestError({ body: {}, error: { code: -32_000, message: answer }, url: 'http://node' })
    },
    async getTransaction() {
      if (knows === true) return {}
      throw knows === false ? new TransactionNotFoundError({ hash: raw }) : new Error('timed out')
    },
  }
  return { client: client as unknown as PublicClient, sends: () => sends }
}

test.each([
  ['already known', 'accepted'],
  ['ALREADY_EXISTS: already known', 'accepted'],
  ['transaction already imported', 'accepted'],
  ['nonce too low: next nonce 5, tx nonce 3', 'taken'],
  ['nonce has already been used', 'taken'],
  ['replacement transaction underpriced: new tx gas fee cap 1 <= 2 queued', 'taken'],
  ['transaction underpriced: gas tip cap 1, minimum needed 2', 'underpriced'],
  ['max fee per gas less than block base fee: address 0xab, maxFeePerGas: 1, baseFee: 2', 'underpriced'],
] as const)('%s → %s', async (message, outcome) => {
  const { client, sends } = clientOf({ answers: [message], knows: false })
  expect(await broadcast(client, raw, time)).toBe(outcome)
  expect(sends()).toBe(1)
})

test('a number that is too low for bytes that the chain holds is our own success', async () => {
  const { client } = clientOf({ answers: ['nonce too low'], knows: true })
  expect(await broadcast(client, raw, time)).toBe('accepted')
})

test('while nobody says whether the bytes arrived, nothing is concluded', async () => {
  const { client, sends } = clientOf({ answers: ['nonce too low'], knows: null })
  expect(await broadcast(client, raw, time)).toBe('unknown')
  expect(sends()).toBe(4)
})

test('what the chain never takes is thrown at once', async () => {
  const { client, sends } = clientOf({ answers: ['insufficient funds for gas * price + value'], knows: false })
  await expect(broadcast(client, raw, time)).rejects.toThrow(/insufficient funds/)
  expect(sends()).toBe(1)
})

test('an answer that means nothing to us is asked for again', async () => {
  const { client, sends } = clientOf({ answers: ['header not found', null], knows: false })
  expect(await broadcast(client, raw, time)).toBe('accepted')
  expect(sends()).toBe(2)
})
