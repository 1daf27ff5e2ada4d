import { prng } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { decide } from '../decide/decide.ts'
import { hexId, NOW_MS, offer, policy, request } from '../decide/fixtures.ts'
import { createReplicaPool, type ReplicaPool } from './replica-pool.ts'

const rng = prng(1)
/** One object throughout, as a gateway keeps an organisation's policy. */
const excluding = { ...policy, exclude: [hexId(2), hexId(77)] }
const asked = request({ policy: excluding })

/** Nodes that the policy lets serve, by the record of a decision that looks at all. */
const served = (pool: ReplicaPool) =>
  decide(pool, asked, rng, NOW_MS)
    .record()
    .candidates.map(({ nodeId }) => nodeId)
    .toSorted()

/** A list of names is looked up once: it must hold for nodes that come later, too, and for nobody else. */
test('what a policy excludes by name stays excluded whoever comes, leaves, or changes its provider', () => {
  const pool = createReplicaPool()
  for (const n of [1, 3]) pool.upsert(offer(n))
  expect(served(pool)).toEqual([hexId(1), hexId(3)])
  pool.upsert(offer(2))
  pool.upsert(offer(4, { providerId: hexId(77) }))
  expect(served(pool)).toEqual([hexId(1), hexId(3)])
  // Its slot goes to another node, and it comes back in a new one.
  const slot = pool.slotOf(hexId(2))
  pool.remove(hexId(2))
  expect(pool.upsert(offer(5))).toBe(slot)
  pool.upsert(offer(2))
  expect(served(pool)).toEqual([hexId(1), hexId(3), hexId(5)])
  // The offer is the same but for its provider.
  pool.upsert(offer(3, { providerId: hexId(77) }))
  pool.upsert(offer(4, { providerId: hexId(78) }))
  expect(served(pool)).toEqual([hexId(1), hexId(4), hexId(5)])
})
