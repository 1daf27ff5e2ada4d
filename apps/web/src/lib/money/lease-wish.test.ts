/** The form of a lease asks for what it shows. */
import type { LeaseOffer } from '@isochrone/services'
import { expect, test } from 'vitest'
import { choiceOf, constraintsOf, firstDraft, questionOf } from './lease-wish.ts'

const offer = (id: string, perGpuHourMicroUsd: bigint, models: string[]): LeaseOffer => ({
  id,
  name: id,
  providerName: 'p',
  region: 'local',
  country: 'DE',
  gpuClass: 'H200',
  hardware: 'H200',
  simulated: false,
  models,
  gpus: 8,
  freeGpus: 8,
  perGpuHourMicroUsd,
  live: true,
})
const offers = [offer('cheap', 1_000_000n, ['a', 'b']), offer('dear', 2_500_000n, ['b'])]

test('who comes from a node gets that node, its model and its price; anybody else chooses by constraints', () => {
  const from = firstDraft(offers, 'dear')
  expect(from).toMatchObject({ way: 'offer', nodeId: 'dear', model: 'b' })
  expect(choiceOf(from, offers)).toMatchObject({ chosen: { id: 'dear' }, maxUsd: '2.50' })
  for (const nodeId of [undefined, 'gone']) {
    const anybody = firstDraft(offers, nodeId)
    expect(anybody).toMatchObject({ way: 'constraints', nodeId: null, model: 'a' })
    expect(choiceOf(anybody, offers)).toMatchObject({ chosen: undefined, maxUsd: '1.00' })
  }
})

test('a node that does not serve another model gives way to the cheapest that does, and what was typed stays', () => {
  const draft = { ...firstDraft(offers, 'dear'), model: 'a' }
  expect(choiceOf(draft, offers).chosen?.id).toBe('cheap')
  expect(choiceOf({ ...draft, maxUsd: '9' }, offers).maxUsd).toBe('9')
  expect(questionOf({ ...draft, hours: '0.5', gpus: '3' }, ' 9 ')).toEqual({
    model: 'a',
    gpus: 3,
    durationMinutes: 30,
    maxPerGpuHourUsd: '9',
  })
})

test('an empty memory is any memory', () => {
  const draft = firstDraft(offers, undefined)
  expect(constraintsOf(draft).gpuMemoryGibMin).toBeNull()
  expect(constraintsOf({ ...draft, gpuMemoryGib: ' 80 ' }).gpuMemoryGibMin).toBe(80)
})
