/**
 * Puts on the chain what people asked for in the web app: providers, terms, node keys. A node becomes active,
 * and gateways learn of it, once its key is on record. The key of one that was taken off the market is retired.
 *
 * Every step is safe to repeat. What the operator does not own is left to its owner's wallet. Lanes are never admitted
 * from here: whoever could write a row would then hold a key that signs for money.
 */
import { isAppError, toAppError } from '@isochrone/domain'
import { bytes32ToAddress, type Hex } from '@isochrone/protocol'
import { recordControlChange } from '../control/record-control-change.ts'
import type { RegistryChain, Sent } from '../ports/chain-port.ts'
import type { RegistryTransactions } from '../ports/chain-store.ts'
import { sendRecorded } from './send-recorded.ts'

export interface RegistryDeps {
  store: RegistryTransactions
  chain: RegistryChain
}

export interface RegistryRound {
  done: number
  /** What a contract refused, with the reason. */
  refused: { subject: string; reason: string }[]
}

const ROWS_A_ROUND = 100
/** The chain had it already: done by an earlier run whose record was lost. */
const EARLIER = 'earlier'

export async function registerPending(deps: RegistryDeps): Promise<RegistryRound> {
  const round: RegistryRound = { done: 0, refused: [] }
  const steps = [registerProviders, registerTermsOfProviders, admitNodes, retireNodes]
  for (const step of steps) {
    for (const { subject, run } of await step(deps)) {
      try {
        await run()
        round.done += 1
      } catch (error) {
        if (!isAppError(error)) throw error
        const { code, publicMessage } = toAppError(error)
        round.refused.push({ subject, reason: publicMessage })
        if (code === 'chain_unavailable') return round
      }
    }
  }
  return round
}

interface Task {
  subject: string
  run: () => Promise<void>
}

async function registerProviders({ store, chain }: RegistryDeps): Promise<Task[]> {
  const rows = (await store.chain.unregisteredProviders(ROWS_A_ROUND)).filter((row) => isOurs(chain, row.ownerAddress))
  return rows.map(({ id, salt, payoutAddress }) => ({
    subject: id,
    async run() {
      const input = { salt: salt as Hex, payoutAddress: payoutAddress as Hex }
      const sent = await recorded(store, 'provider', id, () => chain.registerProvider(input))
      await store.chain.setProviderRegistered(id, sent.txHash ?? EARLIER, sent.feeBps)
    },
  }))
}

async function registerTermsOfProviders({ store, chain }: RegistryDeps): Promise<Task[]> {
  const rows = await store.chain.unregisteredTerms(ROWS_A_ROUND)
  const ours = rows.filter((row) => isOurs(chain, row.provider.ownerAddress))
  return ours.map(({ hash, providerId }) => ({
    subject: hash,
    async run() {
      const input = { providerId: providerId as Hex, termsHash: hash as Hex }
      const sent = await recorded(store, 'terms', hash, () => chain.registerTerms(input))
      await store.chain.setTermsRegistered(hash, sent.txHash ?? EARLIER)
    },
  }))
}

async function admitNodes({ store, chain }: RegistryDeps): Promise<Task[]> {
  const rows = await store.chain.nodesToAdmit(ROWS_A_ROUND)
  const ours = rows.filter((row) => isOurs(chain, row.provider.ownerAddress))
  return ours.map(({ nodeId, providerId, keyProof }) => ({
    subject: nodeId,
    async run() {
      const nodeKey = bytes32ToAddress(nodeId)
      const input = { providerId: providerId as Hex, nodeKey, signature: keyProof as Hex }
      const sent = await recorded(store, 'node_key', nodeId, () => chain.addNodeKey(input))
      await store.transaction(async (tx) => {
        if (!(await tx.chain.activateNode(nodeId, sent.txHash ?? EARLIER))) return
        await recordControlChange(tx.control, { nodeIds: [nodeId] })
      })
    },
  }))
}

async function retireNodes({ store, chain }: RegistryDeps): Promise<Task[]> {
  const rows = await store.chain.nodesToRetire(ROWS_A_ROUND)
  const ours = rows.filter((row) => isOurs(chain, row.provider.ownerAddress))
  return ours.map(({ nodeId, providerId }) => ({
    subject: nodeId,
    async run() {
      const input = { providerId: providerId as Hex, nodeKey: bytes32ToAddress(nodeId) }
      const sent = await recorded(store, 'retire_key', nodeId, () => chain.retireNodeKey(input))
      await store.chain.setKeyRetired(nodeId, sent.txHash ?? EARLIER)
    },
  }))
}

function recorded<T extends Sent>(
  store: RegistryTransactions,
  purpose: string,
  subject: string,
  send: () => Promise<T>,
): Promise<T> {
  return sendRecorded(store.chain, { purpose, subject }, send)
}

function isOurs(chain: RegistryChain, ownerAddress: string): boolean {
  return ownerAddress.toLowerCase() === chain.operatorAddress
}
