/** Who signed, as the deployed verifier says on a real chain: keys, contract wallets, and wallets that are not there yet. */
import {
  concatHex,
  createWalletClient,
  getCreate2Address,
  hashTypedData,
  http,
  pad,
  serializeErc6492Signature,
  type Hex,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { signatureVerifierBytecode } from './bytecode/signature-verifier.ts'
import { createChainClient, type ChainReader } from './chain-client.ts'
import type { Deployment } from './deployment.ts'
import { isSignatureBy } from './reads/is-signature-by.ts'
import { chainOfTests } from './testing/chain-of-tests.fixture.ts'
import { startTestChain, testKeys, type TestChain } from './testing/start-test-chain.ts'

const owner = privateKeyToAccount(testKeys[1])
const ceiling = {
  domain: { name: 'Isochrone', version: '1', chainId: chainOfTests().chainId ?? 31_337 },
  types: { Ceiling: [{ name: 'amount', type: 'uint96' }] },
  primaryType: 'Ceiling',
  message: { amount: 5n },
} as const
const digest = hashTypedData(ceiling)
const otherDigest = hashTypedData({ ...ceiling, message: { amount: 6n } })
const zero = pad('0x0')

/** A wallet that has approved one digest: answers `isValidSignature` with the magic value for it, else with zero. */
const walletCode = concatHex(['0x6004357f', digest, '0x14631626ba7e60e01b0260005260206000f3'])
const walletInit = concatHex(['0x6036600c60003960366000f3', walletCode])
/** Creates (CREATE2, salt zero) what it is called with. */
const factoryCode = '0x36600060003760003660006000f560005260206000f3'
const factory = `0x${'fa'.repeat(20)}` as const
const wallet = `0x${'1271'.repeat(10)}` as const
/** Takes all gas that it is given. */
const burner = `0x${'bb'.repeat(20)}` as const

let chain: TestChain
let reader: ChainReader

beforeAll(async () => {
  chain = await startTestChain(chainOfTests())
  const deployer = createWalletClient({
    account: privateKeyToAccount(testKeys[0]),
    chain: chain.client.chain,
    transport: http(chain.rpcUrl),
  })
  const hash = await deployer.deployContract({ abi: [], bytecode: signatureVerifierBytecode })
  const { contractAddress } = await chain.client.waitForTransactionReceipt({ hash, pollingInterval: 20 })
  reader = readerOf(chain.rpcUrl, contractAddress as Hex)
  await chain.client.setCode({ address: factory, bytecode: factoryCode })
  await chain.client.setCode({ address: wallet, bytecode: walletCode })
  await chain.client.setCode({ address: burner, bytecode: '0x5b600056' })
}, 300_000)
afterAll(() => chain.stop())

function readerOf(rpcUrl: string, verifier: Hex): ChainReader {
  // Only the verifier's address is read.
  const deployment = { addresses: { verifier } } as unknown as Deployment
  return { publicClient: createChainClient(rpcUrl), deployment }
}

test('a key, a contract wallet and one that is not deployed yet sign; for anything else the answer is no', async () => {
  const signature = await owner.signTypedData(ceiling)
  const asked = (signer: Hex, over: Hex, by: Hex) => isSignatureBy(reader, { signer, digest: over, signature: by })
  expect(await asked(owner.address, digest, signature)).toBe(true)
  expect(await asked(owner.address, otherDigest, signature)).toBe(false)
  expect(await asked(wallet, digest, '0x12')).toBe(true)
  expect(await asked(wallet, otherDigest, '0x12')).toBe(false)

  const future = getCreate2Address({ from: factory, salt: zero, bytecode: walletInit })
  const wrapped = serializeErc6492Signature({ address: factory, data: walletInit, signature: '0x12' })
  expect(await asked(future, digest, '0x12')).toBe(false)
  expect(await asked(future, digest, wrapped)).toBe(true)
  expect(await asked(future, otherDigest, wrapped)).toBe(false)
  // A wallet with a stranger's name, and a key without code: no factory can speak for them.
  expect(await asked(owner.address, digest, wrapped)).toBe(false)
  // Nothing stays on the chain of what a question deployed.
  expect(await chain.client.getCode({ address: future })).toBeUndefined()
  expect(await asked(burner, digest, '0x12')).toBe(false)
})

test('where the chain does not answer, or the verifier is not there, that is said instead of no', async () => {
  const question = { signer: wallet, digest, signature: '0x12' } as const
  const unreachable = readerOf('http://127.0.0.1:1', wallet)
  await expect(isSignatureBy(unreachable, question)).rejects.toMatchObject({ code: 'chain_unavailable' })
  const undeployed = readerOf(chain.rpcUrl, `0x${'99'.repeat(20)}`)
  await expect(isSignatureBy(undeployed, question)).rejects.toMatchObject({ code: 'chain_unavailable' })
})
