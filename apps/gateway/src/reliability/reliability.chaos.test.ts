/**
 * What breaks on purpose holds on each run of the tests too: every scenario of seconds, on real processes. The long ones
 * run by `npm run chaos:gateway`.
 */
import { afterAll, expect, test } from 'vitest'
import { startMarket, type Market } from './market.ts'
import { measured } from './measured.ts'
import { scenarios } from './scenarios.ts'

let market: Market | undefined
afterAll(() => market?.stop(), 180_000)

const whole = { client: expect.any(String), billed: expect.any(String), kept: expect.any(String) }

test.each(scenarios.filter(({ long }) => !long))('$title', { timeout: 600_000 }, async ({ run }) => {
  market ??= await startMarket()
  try {
    expect(await run(market)).toEqual(whole)
  } catch (error) {
    // What a failure leaves behind must not break the next one.
    await market.stop()
    market = undefined
    throw error
  }
})

test.each(measured.filter(({ long }) => !long))('$title', { timeout: 600_000 }, async ({ run }) => {
  expect(await run()).toEqual(whole)
})
