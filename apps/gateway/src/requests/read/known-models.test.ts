import { expect, test } from 'vitest'
import type { Hex } from '@isochrone/protocol'
import { fakeNode } from '../../testing/fake-node.ts'
import { createKnownModels } from './known-models.ts'

test("a node that names thousands of models does not hide another node's", () => {
  const idOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
  const sample = fakeNode(idOf(1), {})
  const named = (count: number) => Array.from({ length: count }, (_, n) => ({ ...sample.models[0]!, model: `m-${n}` }))
  const nodes = [{ ...sample, models: named(10_000) }]
  const known = createKnownModels({ all: () => nodes, byNode: () => undefined, onChange: () => {}, onReport: () => {} })
  const honest = fakeNode(idOf(2), {})
  nodes.push({ ...honest, models: [...honest.models] as (typeof nodes)[0]['models'] })
  expect(known.has(honest.models[0]!.model)).toBe(true)
  expect(known.has('nobody offers this')).toBe(false)
})
