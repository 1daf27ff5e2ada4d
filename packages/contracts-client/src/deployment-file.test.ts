/** A deployment survives its file, and anything else in that file is refused by name. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'
import type { Address, Hex } from 'viem'

import { readDeployment, writeDeployment } from './deployment-file.ts'
import { developmentParams, partiesOf, productionParams } from './deployment-params.ts'
import { contractNames, type ContractName, type Deployment } from './deployment.ts'

const address = '0x00000000000000000000000000000000000000aA'
const forAll = <T>(value: T) =>
  Object.fromEntries(contractNames.map((name) => [name, value])) as Record<ContractName, T>
const deployment: Deployment = {
  version: 3,
  chainId: 31_337,
  addresses: forAll<Address>(address),
  blockNumber: 3,
  codeHashes: { ...forAll<Hex | null>('0x01'), token: null },
  params: developmentParams(partiesOf(address, [address])),
}

const dirs: string[] = []
afterAll(() => Promise.all(dirs.map((dir) => rm(dir, { recursive: true }))))

async function freshPath(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'isochrone-deployment-'))
  dirs.push(dir)
  return join(dir, 'deployment.json')
}

test('what was written is read back, and no file is no deployment', async () => {
  const path = await freshPath()
  expect(await readDeployment(path)).toBeNull()
  await writeDeployment(path, deployment)
  expect(await readDeployment(path)).toEqual(deployment)
})

test.each([
  '{',
  '{}',
  '[]',
  JSON.stringify({ ...deployment, addresses: {} }),
  JSON.stringify({ ...deployment, params: { ...deployment.params, disputeBondMicroUsd: 5 } }),
  JSON.stringify({ ...deployment, params: { ...deployment.params, graceS: undefined } }),
])('%s is refused with the file named', async (text) => {
  const path = await freshPath()
  await writeFile(path, text)
  await expect(readDeployment(path)).rejects.toThrow(path)
})

test('contracts of an older version are told from a damaged file', async () => {
  const path = await freshPath()
  await writeFile(path, JSON.stringify({ ...deployment, version: undefined }))
  await expect(readDeployment(path)).rejects.toThrow(/older version of Isochrone.*or deploy again/)
})

/** Invariant 4 of the design: what thaws outlasts the longest dispute, by the margin. */
test.each([developmentParams, productionParams])('stake thaws for longer than any dispute lasts', (paramsOf) => {
  const p = paramsOf(partiesOf(address, []))
  const dispute = p.fileS + p.respondS + p.ruleS + p.appealS + p.appealRuleS
  expect(p.stakeThawS).toBeGreaterThanOrEqual(dispute + p.marginS)
  expect(p.graceS).toBeLessThan(p.channelThawS)
  expect(p.graceS).toBeGreaterThan(2 * p.challengeS + p.rulingS)
})
