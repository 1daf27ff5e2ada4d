import { manualClock } from '@isochrone/domain'
import { mergeRouting, policyWithFeatures, type PlacementRequest } from '@isochrone/scheduler'
import { expect, test } from 'vitest'
import { createControlStore } from '../../control/control-state.ts'
import { createFleet } from '../../fleet/create-fleet.ts'
import { node as lawfulNode } from '../../lane/lane-fixtures.ts'
import { fakeNode, MODEL } from '../../testing/fake-node.ts'
import { placePinned } from './place-pinned.ts'
import type { RequestContext } from '../request-context.ts'

const nodeId = `0x${'1'.padStart(64, '0')}` as const
const request = {
  requestId: 'req_1',
  modelHash: null,
  tokensIn: 10,
  tokensInMax: 10,
  tokensOutMax: 10,
  excludeNodeIds: [],
  policy: policyWithFeatures(mergeRouting({}), 0),
} as unknown as PlacementRequest

function place(barred: boolean, jobId: string | null, draining = false) {
  const clock = manualClock()
  const control = createControlStore()
  control.replace({ version: 1, states: [{ ...lawfulNode, nodeId, barred }] })
  const session = fakeNode(nodeId, {})
  const reported = { atMs: 0, activeStreams: 0, queuedStreams: 0, ownAtHeartbeat: 0, tokensPerSecond: 0, draining }
  Object.assign(session, { reported })
  const sessions = { all: () => [session], byNode: () => session, onChange: () => {}, onReport: () => {} }
  const fleet = createFleet({ sessions, control, clock })
  const ctx = { pinned: { nodeId, placement: null, timeoutMs: 1 }, jobId, request: { model: MODEL } }
  const open = () => ({ opened: true }) as never
  return () => placePinned({ fleet, open }, ctx as unknown as RequestContext, request)
}

/** A cheat that nobody may ask again would stay one for ever; and nobody else's work goes to it meanwhile. */
test('a node whose checks have failed is asked by its checks, and given no job', () => {
  expect(place(true, null)()).toMatchObject({ opened: true })
  expect(place(true, 'job_1')).toThrow('takes no new work')
  expect(place(true, null, true)).toThrow('takes no new work')
  expect(place(false, 'job_1')()).toMatchObject({ opened: true })
})
