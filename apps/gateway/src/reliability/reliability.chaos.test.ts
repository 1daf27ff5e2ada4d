/**
 * What breaks on purpose holds on each run of the tests too: every scenario of seconds, on real processes. The long ones
 * run by `npm run chaos:gateway`.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startMarket, type Market } from './market.ts'
import { measured } from './measured.ts'
import { scenarios } from './scenarios.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
}, 240_000)
afterAll(() => market?.stop(), 60_000)

const whole = { client: expect.any(String), billed: expect.any(String), kept: expect.any(String) }

test.each(scenarios.filter(({ long }) => !long))('$title', { timeout: 240_000 }, async ({ run }) => {
  expect(await run(market)).toEqual(whole)
})

test.each(measured.filter(({ long }) => !long))('$title', { timeout: 240_000 }, async ({ run }) => {
  expect(await run()).toEqual(whole)
})
