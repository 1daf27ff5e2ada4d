/**
 * What a deployment has sent, in a file beside the deployment's: a run that was cut off goes on where it was, because
 * every transaction is written here before it is sent. None is sent twice, so no contract is left without an owner.
 */
import { existsSync } from 'node:fs'
import { open, readFile, rename } from 'node:fs/promises'
import { AppError } from '@isochrone/domain'
import type { PendingTransaction, PendingTransactions } from '@isochrone/contracts-client'
import type { Address, Hex } from 'viem'

/** What a journal is of: another deployment must not go on with it. */
export interface DeployIdentity {
  chainId: number
  account: Address
  /** Keccak-256 of parameters, token and bytecode. */
  plan: Hex
}

export interface DeployJournal extends PendingTransactions {
  /** The transaction that was made for this request, if one was and can still count. */
  find(request: { to?: Address; data: Hex }): PendingTransaction | undefined
  readonly size: number
}

/** @throws AppError `state_conflict` when the file is of another deployment, or no journal. */
export async function openDeployJournal(path: string, identity: DeployIdentity): Promise<DeployJournal> {
  const transactions = new Map<Hex, PendingTransaction>()
  if (existsSync(path)) for (const item of await readJournal(path, identity)) transactions.set(item.id, item)
  let writing: Promise<void> = Promise.resolve()

  async function write(): Promise<void> {
    const text = JSON.stringify({ version: 1, ...identity, transactions: [...transactions.values()] }, decimal, 2)
    const next = `${path}.next`
    const file = await open(next, 'w', 0o600)
    try {
      await file.writeFile(`${text}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(next, path)
  }

  return {
    get size() {
      return transactions.size
    },
    async save(transaction) {
      transactions.set(transaction.id, structuredClone(transaction))
      writing = writing.catch(() => {}).then(write)
      await writing
    },
    async open(chainId, account) {
      return [...transactions.values()]
        .filter((item) => item.chainId === chainId && item.account === account)
        .filter(({ status }) => status === 'sent' || status === 'included')
        .toSorted((a, b) => a.nonce - b.nonce)
        .map((item) => structuredClone(item))
    },
    find({ to, data }) {
      return [...transactions.values()].find(
        (item) =>
          item.data === data && item.to === (to ?? null) && item.status !== 'replaced' && item.status !== 'failed',
      )
    },
  }
}

async function readJournal(path: string, identity: DeployIdentity): Promise<PendingTransaction[]> {
  let kept: DeployIdentity & { version: number; transactions: (PendingTransaction & { blockNumber: string | null })[] }
  try {
    kept = JSON.parse(await readFile(path, 'utf8'))
    if (kept.version !== 1 || !Array.isArray(kept.transactions)) throw new Error('another version')
  } catch (cause) {
    throw new AppError('state_conflict', {
      publicMessage: `${path} is no journal of a deployment. Restore it: it says which contracts were deployed already.`,
      cause,
    })
  }
  for (const field of ['chainId', 'account', 'plan'] as const) {
    if (kept[field] === identity[field]) continue
    const what = { chainId: 'another chain', account: 'another account', plan: 'other parameters, token or bytecode' }[
      field
    ]
    throw new AppError('state_conflict', {
      publicMessage: `${path} is of a deployment with ${what}. Go on with those, or name another journal (--journal).`,
    })
  }
  return kept.transactions.map((item) => ({
    ...item,
    blockNumber: item.blockNumber === null ? null : BigInt(item.blockNumber),
  }))
}

const decimal = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value)
