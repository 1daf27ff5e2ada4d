/** What the playground shows as code is what it sends: a program that copies it gets the same request. */
import { expect, test } from 'vitest'
import { curlOf, emptyWish, gatewayBodyOf, relayBodyOf, routingOfWish, sdkOf } from './playground-wish.ts'

const wish = { ...emptyWish, model: 'm' }
const messages = [{ role: 'user', content: "It’s “fine”, isn't it?\n$HOME `x`" }] as const

test('a form that says nothing sends no policy, and one that says all of it sends all of it', () => {
  expect(routingOfWish(wish)).toEqual({})
  expect(gatewayBodyOf(wish, messages)).not.toHaveProperty('routing')
  const full = {
    ...wish,
    sort: 'latency',
    regions: 'EU, us-east',
    maxOutputUsd: '0.6',
    maxRequestUsd: '0.01',
    ttftSloMs: '800',
    tpotSloMs: '40',
  } as const
  expect(routingOfWish(full)).toEqual({
    sort: 'latency',
    regions: ['EU', 'us-east'],
    max_price: { output: 0.6, request: 0.01 },
    ttft_slo_ms: 800,
    tpot_slo_ms: 40,
  })
  expect(relayBodyOf(full, messages).routing).toEqual(gatewayBodyOf(full, messages).routing)
})

test('what is no number stays what was typed, for the server to refuse', () => {
  expect(relayBodyOf({ ...wish, maxTokens: '12x' }, messages).maxTokens).toBe('12x')
})

test('quotes, line breaks and dollars survive the shell and the program', () => {
  const body = gatewayBodyOf({ ...wish, sort: 'price' }, messages)
  const inShell = /-d '([\s\S]*)'$/.exec(curlOf('http://gateway.test', body))?.[1]?.replaceAll(String.raw`'\''`, "'")
  expect(JSON.parse(inShell ?? '')).toEqual(body)
  const literal = /create\((\{[\s\S]*?\n\})\)\nfor/.exec(sdkOf('http://gateway.test', body))?.[1]
  // eslint-disable-next-line typescript/no-implied-eval -- the code that is shown is a literal, read as the program would.
  expect(new Function(`return (${literal})`)()).toEqual(body)
})
