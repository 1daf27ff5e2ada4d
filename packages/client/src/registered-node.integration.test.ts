/** What a gateway can be held to that invents nodes: nothing without rules, and the registry on a real chain with them. */
import {
  addNodeKey,
  createChainClient,
  createChainWriter,
  createTransactionSender,
  deployIsochrone,
  developmentParams,
  developmentProfile,
  registerProvider,
  retireNodeKey,
  type ChainWriter,
} from '@isochrone/contracts-client'
import { jsonRpc, startTestStack, type TestStack } from '@isochrone/local-stack'
import { addressOfKey, addressToBytes32, bytes32Of, signStruct, type Hex } from '@isochrone/protocol'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { candidatesOf, type Candidate, type CandidateRules } from './candidates.ts'
import { registeredNode } from './registered-node.ts'
import { sealedFetch } from './sealed-fetch.ts'

const operatorKey = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const nodeKey = bytes32Of('a registered node')
const inventedKey = bytes32Of('a node that only the gateway knows')
const signing = { chainId: 31_337, verifyingContract: `0x${'e1'.repeat(20)}` as const }

let stack: TestStack
let operator: ChainWriter
let providerId: Hex

beforeAll(async () => {
  stack = await startTestStack({ chain: true })
  const rpcUrl = stack.chainRpcUrl
  const publicClient = createChainClient(rpcUrl)
  const account = privateKeyToAccount(operatorKey)
  const profile = { ...developmentProfile(await publicClient.getChainId()), ...stack.chainProfile }
  const admin = account.address
  const sender = createTransactionSender({ publicClient, account, profile, pollMs: 20 })
  const arbiters = Array.from({ length: 6 }, (_, i) => privateKeyToAccount(bytes32Of(`arbiter ${i}`)).address)
  const params = developmentParams({ admin, guardian: admin, auditor: admin, arbiters, treasury: admin })
  const deployment = await deployIsochrone({ publicClient, sender, params })
  operator = createChainWriter({ rpcUrl, deployment, privateKey: operatorKey, profile })
  const registered = await registerProvider(operator, { salt: bytes32Of('salt'), payout: admin })
  providerId = registered.providerId
  const value = { providerId, nodeKey: addressOfKey(nodeKey) }
  const domain = { chainId: deployment.chainId, verifyingContract: deployment.addresses.registry }
  await addNodeKey(operator, { ...value, signature: signStruct(domain, 'NodeKey', value, nodeKey).signature })
}, 300_000)
afterAll(() => stack?.stop())

/** What a gateway answers that names the nodes of these keys, each with a sealing key that its node key signed. */
function named(keys: readonly Hex[], provider = providerId) {
  const now = Date.now()
  const data = keys.map((privateKey) => {
    const nodeId = addressToBytes32(addressOfKey(privateKey))
    const publicKey = bytes32Of('sealing key')
    const value = { nodeId, publicKey, notBeforeMs: now - 1_000, notAfterMs: now + 60_000 }
    const { signature } = signStruct(signing, 'SealingKey', value, privateKey)
    const key = { public_key: publicKey, not_before: value.notBeforeMs, not_after: value.notAfterMs, signature }
    return { node_id: nodeId, provider, key }
  })
  return { model: 'm', now, expires_in_ms: 30_000, signing, data }
}
const acceptedOf = async (said: unknown, rules: CandidateRules) =>
  (await candidatesOf(said, rules)).candidates.map(({ nodeId }) => nodeId)
const idOf = (privateKey: Hex) => addressToBytes32(addressOfKey(privateKey))
const registry = () => ({ rpcUrl: stack.chainRpcUrl, address: operator.deployment.addresses.registry })

test('nothing is sealed before somebody has said whom to trust', () => {
  for (const rules of [undefined, {}, { trustGateway: false }, { signing }]) {
    // As a caller without types would.
    expect(() => sealedFetch(rules as never)).toThrow(expect.objectContaining({ code: 'sealed_trust_missing' }))
  }
  for (const rules of [{ nodes: [] }, { accept: () => true }, { trustGateway: true }]) {
    expect(sealedFetch(rules)).toBeTypeOf('function')
  }
})

test('a node that the gateway made up is accepted on its word alone, and refused by pins and by the registry', async () => {
  const both = named([inventedKey, nodeKey])
  expect(await acceptedOf(both, { trustGateway: true })).toEqual([idOf(inventedKey), idOf(nodeKey)])
  expect(await acceptedOf(both, { nodes: [idOf(nodeKey)] })).toEqual([idOf(nodeKey)])
  expect(await acceptedOf(both, { accept: registeredNode(registry()) })).toEqual([idOf(nodeKey)])
  // Who trusts the gateway and pins nodes all the same has pinned them.
  expect(await acceptedOf(both, { nodes: [idOf(nodeKey)], trustGateway: true })).toEqual([idOf(nodeKey)])
  const alone = candidatesOf(named([inventedKey]), { accept: registeredNode(registry()) })
  await expect(alone).rejects.toMatchObject({ code: 'sealed_no_candidates' })
})

test('the registry answers for the provider that is named, for those that are wanted, and until the key retires', async () => {
  const candidate = { nodeId: idOf(nodeKey), provider: providerId } as Candidate
  const other = bytes32Of('another provider')
  expect(await registeredNode(registry())(candidate)).toBe(true)
  expect(
    await registeredNode({ ...registry(), providers: [providerId.toUpperCase().replace('X', 'x')] })(candidate),
  ).toBe(true)
  expect(await registeredNode({ ...registry(), providers: [other] })(candidate)).toBe(false)
  expect(await registeredNode(registry())({ ...candidate, provider: other })).toBe(false)
  // Who cannot ask does not accept.
  await expect(registeredNode({ ...registry(), rpcUrl: 'http://127.0.0.1:9' })(candidate)).rejects.toThrow()

  const { retiresAtS } = await retireNodeKey(operator, { providerId, nodeKey: addressOfKey(nodeKey) })
  expect(await registeredNode(registry())(candidate)).toBe(true)
  await jsonRpc(stack.chainRpcUrl, 'evm_setNextBlockTimestamp', [retiresAtS])
  await jsonRpc(stack.chainRpcUrl, 'evm_mine', [])
  expect(await registeredNode(registry())(candidate)).toBe(false)
})
