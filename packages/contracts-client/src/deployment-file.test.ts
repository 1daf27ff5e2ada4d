/** A deployment survives its file, and anything else in that file is refused by name. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { readDeployment, writeDeployment } from './deployment-file.ts'
import type { Deployment } from './deployment.ts'

const address = '0x00000000000000000000000000000000000000aA'
const deployment: Deployment = {
  chainId: 31337,
  addresses: { token: address, registry: address, anchor: address, channels: address, hasher: address },
  blockNumber: 3,
  codeHashes: { token: null, registry: '0x01', anchor: '0x02', channels: '0x03', hasher: '0x04' },
  params: { admin: address, treasury: address, feeBps: 250, settleWindowS: 60, thawS: 600 },
}

test('what was written is read back, and no file is no deployment', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'isochrone-deployment-')), 'deployment.json')
  expect(await readDeployment(path)).toBeNull()
  await writeDeployment(path, deployment)
  expect(await readDeployment(path)).toEqual(deployment)
})

test.each(['{', '{}', JSON.stringify({ ...deployment, addresses: {} })])(
  '%s is refused with the file named',
  async (text) => {
    const path = join(await mkdtemp(join(tmpdir(), 'isochrone-deployment-')), 'deployment.json')
    await writeFile(path, text)
    await expect(readDeployment(path)).rejects.toThrow(path)
  },
)
