/**
 * Completeness: whatever our contracts let somebody change, an action changes; or it stands here, with the reason why nobody
 * of ours sends it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { contractAbis } from '../contract-abis.ts'
import { contractNames, type ContractName } from '../deployment.ts'

type Functions = readonly `${ContractName}.${string}`[]

/** Called by another of our contracts, which alone has the role, or from whose code the call comes. */
const byContracts: Functions = [
  'channels.freeze',
  'channels.refundPending',
  'channels.unfreeze',
  'token.permit',
  'token.receiveWithAuthorization',
  'token.transferFrom',
  'vault.lock',
  'vault.slash',
  'vault.unlock',
  'verifier.isValid',
]

/** Does what another function does that an action calls. */
const twins: Functions = [
  'anchor.anchor', // anchorCompact: a lane is a key, whose signature fits two words.
  'channels.claim', // claimCompact, for the same reason.
  'timelock.executeBatch', // execute: the administrator takes one action at a time.
  'timelock.scheduleBatch',
]

/** What nobody needs of us: a wallet's own business with a token, and what OpenZeppelin's timelock can besides. */
const outside: Functions = [
  'timelock.onERC1155BatchReceived',
  'timelock.onERC1155Received',
  'timelock.onERC721Received',
  'timelock.renounceRole',
  'timelock.updateDelay',
  'token.cancelAuthorization',
  'token.transfer',
]

/** The same in each contract that has them; their actions take the contract's name. */
const shared = ['collect', 'grantRole', 'renounceRole', 'revokeRole', 'setTreasury']

const abiNames: Record<string, ContractName> = {
  contradictionsAbi: 'contradictions',
  disputeManagerAbi: 'disputes',
  paymentChannelsAbi: 'channels',
  providerRegistryAbi: 'registry',
  receiptAnchorAbi: 'anchor',
  recordPanelsAbi: 'panels',
  slaLedgerAbi: 'ledger',
  stakeVaultAbi: 'vault',
  testUsdcAbi: 'token',
  timelockControllerAbi: 'timelock',
}

/** `contract.function` of whatever an action encodes a call to: reads begin with an address. */
function encodedByActions(): string[] {
  const files = readdirSync(import.meta.dirname).filter((file) => !file.endsWith('.test.ts'))
  return files.flatMap((file) => {
    const code = readFileSync(join(import.meta.dirname, file), 'utf8')
    const calls = code.matchAll(/\{\s*abi: (\w+),\s*functionName: '(\w+)'/g)
    return [...calls].map(([, abi, name]) => `${abiNames[abi ?? ''] ?? `no ABI ${abi} in`}.${name}`)
  })
}

function writesOf(contract: ContractName): string[] {
  return contractAbis[contract].flatMap((item) =>
    item.type === 'function' && item.stateMutability !== 'view' && item.stateMutability !== 'pure'
      ? [`${contract}.${item.name}`]
      : [],
  )
}

test('each function that changes something has an action, or a reason why it has none', () => {
  const encoded = new Set(encodedByActions())
  const listed = [...byContracts, ...twins, ...outside]
  const isShared = (name: string) => shared.includes(name.split('.')[1] ?? '') && !listed.includes(name as Functions[0])
  const everyOne = contractNames.flatMap(writesOf)
  const covered = everyOne.filter((name) => encoded.has(name) || isShared(name))
  expect([...covered, ...listed].toSorted()).toEqual(everyOne.toSorted())
  for (const name of shared)
    expect(
      [...encoded].some((each) => each.endsWith(`.${name}`)),
      name,
    ).toBe(true)
  expect(
    [...encoded].filter((name) => !everyOne.includes(name)),
    'an action calls what is in no ABI',
  ).toEqual([])
})

test('what contracts call of one another is called in their code', () => {
  const sources = join(import.meta.dirname, '../../../../contracts/src')
  const code = readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.sol') && !file.startsWith('interfaces/'))
    .map((file) => readFileSync(join(sources, file), 'utf8'))
    .join('\n')
  const isCalled = (name: string) =>
    new RegExp(`\\.(${name}|safe${name[0]?.toUpperCase()}${name.slice(1)})\\(`).test(code)
  expect(byContracts.filter((name) => !isCalled(name.split('.')[1] ?? ''))).toEqual([])
})
