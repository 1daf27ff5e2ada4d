/** How a node stands with its market, as assertions: refused, barred, or selling. */
import type { CheckRow } from '@isochrone/services'
import { expect } from 'vitest'
import type { EmptyMarket } from './empty-market.ts'
import type { ListedNode } from './list-node.ts'
import { isOffered, isPlaceable, listingOf } from './look.ts'

/** It came back to its owner with what would fix it, and nobody can buy of it. */
export async function expectRefused(world: EmptyMarket, node: ListedNode, found: RegExp): Promise<void> {
  const { status, checklist, standing } = await listingOf(world, node)
  expect({ status, standing }).toEqual({ status: 'joined', standing: 'failed' })
  expect(checklist.find(({ step }) => step === 'checks')).toMatchObject({
    state: 'failed',
    text: expect.stringMatching(found),
    fix: expect.any(String),
  })
  expect(await isOffered(world, node)).toBe(false)
  expect(await isPlaceable(world, node)).toBe(false)
}

export async function expectOnMarket(world: EmptyMarket, node: ListedNode): Promise<void> {
  expect((await listingOf(world, node)).status).toBe('live')
  expect(await isOffered(world, node)).toBe(true)
  expect(await isPlaceable(world, node)).toBe(true)
}

/** It was live, and gateways were told to place nothing more on it; its owner is told why. */
export async function expectBarred(world: EmptyMarket, node: ListedNode, { finding }: CheckRow): Promise<void> {
  expect(await isPlaceable(world, node)).toBe(false)
  const [seen] = await world.controlPlane.providers.verification({ providerId: node.owner.providerId })
  expect(seen).toMatchObject({
    standing: 'failed',
    checks: expect.arrayContaining([expect.objectContaining({ finding })]),
  })
}
