/**
 * Buys answers at temperature 0 from a node and asks the same of other providers' replicas of the same model hash.
 *
 * Paid for by an account of the platform's own, through a gateway like any request: a customer's prompt goes to no provider that
 * its owner did not choose, and the node cannot tell these requests from others.
 */
import { prng } from '@isochrone/domain'
import { servedModel, type Hex } from '@isochrone/protocol'
import type { ListedNodeRow } from '../ports/rows.ts'
import { checkModel, REFERENCES_MIN, replayAgrees } from './checks/check-model.ts'
import type { VerifyDeps } from './verify-deps.ts'

const TRIALS_MAX = 12
const REFERENCES_ASKED = 3

const openings = [
  'Where is',
  'Describe',
  'Who built',
  'Tell me about',
  'What became of',
  'How old is',
  'Compare',
] as const
const subjects = [
  'the river',
  'a small town',
  'the old bridge',
  'this harvest',
  'the northern road',
  'our library',
] as const
const endings = ['in one sentence.', 'for a child.', 'and why?', 'as you would in a letter.', 'briefly.'] as const

/** Tries until the model is settled, at most so often; what could not be compared leaves no row. */
export async function replayAnswers(
  deps: Pick<VerifyDeps, 'store' | 'replay' | 'clock' | 'seed'>,
  { node, model, modelHash }: { node: ListedNodeRow; model: string; modelHash: string },
): Promise<void> {
  const { store, replay, clock } = deps
  if (!replay) return
  const nodes = await store.providers.nodes()
  const standings = await store.verification.standing(nodes.map(({ nodeId }) => nodeId))
  const failed = new Set(standings.filter(({ status }) => status === 'failed').map(({ nodeId }) => nodeId))
  const trusted = nodes.filter(({ nodeId }) => !failed.has(nodeId))
  const references = referencesFor(trusted, node, modelHash)
  if (references.length < REFERENCES_MIN) return
  const random = prng(deps.seed())
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)] as T
  const tried: { requestId: string; agreed: boolean }[] = []
  for (let round = 0; round < TRIALS_MAX; round++) {
    const prompt = `${pick(openings)} ${pick(subjects)} ${pick(endings)}`
    const answer = await replay.ask({ nodeId: node.nodeId as Hex, model, prompt })
    if (!answer) continue
    const said: string[] = []
    const by: string[] = []
    for (const reference of references) {
      const other = await replay.ask({ nodeId: reference.nodeId as Hex, model: reference.model, prompt })
      if (!other) continue
      said.push(other.text)
      by.push(reference.nodeId)
    }
    const agreed = replayAgrees(answer.text, said)
    if (agreed === null) continue
    const { requestId } = answer
    const triedAt = new Date(clock.nowMs())
    await store.verification.insertTrial({ requestId, nodeId: node.nodeId, modelHash, agreed, references: by, triedAt })
    tried.push({ requestId, agreed })
    if (checkModel({ modelHash, trials: tried }).verdict !== 'unverifiable') return
  }
}

/** At most one node of each other provider, so that no provider outvotes the rest. */
function referencesFor(
  nodes: readonly ListedNodeRow[],
  { providerId }: ListedNodeRow,
  modelHash: string,
): { nodeId: string; model: string }[] {
  const byProvider = new Map<string, { nodeId: string; model: string }>()
  for (const row of nodes) {
    if (row.providerId === providerId || row.status !== 'active' || byProvider.has(row.providerId)) continue
    const served = servedModel.array().safeParse(row.models).data ?? []
    const same = served.find((each) => each.modelHash === modelHash && !each.simulated)
    if (same) byProvider.set(row.providerId, { nodeId: row.nodeId, model: same.model })
  }
  return [...byProvider.values()].slice(0, REFERENCES_ASKED)
}
