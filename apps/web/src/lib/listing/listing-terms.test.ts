import type { ListingDetail, ListingDraft } from '@isochrone/services'
import { expect, test } from 'vitest'
import { termsRows } from './listing-terms.ts'

const hash = (digit: string) => `0x${digit.repeat(64)}`
const draft: Required<ListingDraft> = {
  machine: {
    nodeName: 'rack-1',
    region: 'eu-de',
    country: 'DE',
    tier: 'regional',
    dataPolicy: 'any',
    sharedHost: false,
  },
  models: { engine: 'vLLM', models: [{ model: 'qwen3-32b', modelHash: hash('1') }] },
  prices: {
    inMicroUsdPerMtok: '100000',
    cachedMicroUsdPerMtok: '20000',
    outMicroUsdPerMtok: '400000',
    gpuHourMicroUsd: '2000000',
  },
  promises: {
    ttftBaseMs: 2_000,
    ttftPerKtokMs: 400,
    tpotUs: 33_500,
    concurrencyMax: 8,
    penaltyBps: 1_250,
    sloRegion: '',
  },
}
const node = { rentable: 2 } as ListingDetail['node']
const provider = { name: 'Ada', providerId: hash('7') }
const rowsOf = (said: ListingDraft, at: ListingDetail['node'] = null) => termsRows({ draft: said, node: at }, provider)
const shown = (changed: ListingDraft, at = node) => JSON.stringify(rowsOf(changed, at))

const other: { [step in keyof Required<ListingDraft>]: Record<keyof Required<ListingDraft>[step], unknown> } = {
  machine: {
    nodeName: 'rack-2',
    region: 'eu-nl',
    country: 'NL',
    tier: 'edge',
    dataPolicy: 'no_retention',
    sharedHost: true,
  },
  models: { engine: 'SGLang', models: [{ model: 'qwen3-32b', modelHash: hash('2') }] },
  prices: {
    inMicroUsdPerMtok: '100001',
    cachedMicroUsdPerMtok: '20001',
    outMicroUsdPerMtok: '400001',
    gpuHourMicroUsd: '2000001',
  },
  promises: {
    ttftBaseMs: 2_001,
    ttftPerKtokMs: 401,
    tpotUs: 33_501,
    concurrencyMax: 9,
    penaltyBps: 1_251,
    sloRegion: 'eu-de',
  },
}

/** Nobody signs what was not shown: a field of the terms that changes, changes what is reviewed. */
test('whatever becomes unchangeable is in the review', () => {
  for (const [step, fields] of Object.entries(other)) {
    for (const [field, value] of Object.entries(fields)) {
      const said = draft[step as keyof ListingDraft]
      const changed = { ...draft, [step]: { ...said, [field]: value } }
      expect(shown(changed), `${step}.${field}`).not.toBe(shown(draft))
    }
  }
  expect(shown(draft, { rentable: 3 } as ListingDetail['node'])).not.toBe(shown(draft))
})

test('it reads in words, and names what is not said yet', () => {
  expect(Object.fromEntries(rowsOf(draft, node))).toMatchObject({
    Tier: 'Regional. A data centre of its region.',
    'Data policy': 'Any. The provider promises nothing beyond the law.',
    'Cached input': '$0.02 for 1,000,000 tokens',
    Rent: '2 GPUs, $2.00 an hour each',
    'First token': '95 % of attempts within 2,000 ms, and 400 ms more for each 1,000 tokens in',
    'Each further token': '95 % of attempts within 33.5 ms',
    'Attempts at once': 'up to 8; with more, no promise holds',
    'Measured at': 'any gateway',
    'When broken': '12.5 % of what was spent comes back',
  })
  expect(rowsOf({})).toEqual([
    ['Provider', 'Ada (0x7777…7777)'],
    ['Machine', 'not described yet'],
    ['Models', 'not chosen yet'],
    ['Prices', 'not set yet'],
    ['Promises', 'none chosen: nothing is due when it is slow'],
  ])
  const zeros = { ttftBaseMs: 0, ttftPerKtokMs: 0, tpotUs: 0, concurrencyMax: 0, penaltyBps: 0, sloRegion: '' }
  expect(rowsOf({ promises: zeros }).at(-1)?.[1]).toContain('none: nothing is due')
  // From before a half was refused: it is shown as what it is.
  const half = Object.fromEntries(rowsOf({ promises: { ...zeros, tpotUs: 5 } }))
  expect(half).toMatchObject({
    'Each further token': '95 % of attempts within 0.005 ms',
    'First token': 'no time is promised',
    'When broken': 'nothing comes back',
  })
})
