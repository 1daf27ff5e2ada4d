/** What `npm start` does about contracts: deploys them once, admits the lane once, and refuses what does not fit. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { administeredContracts, createChainReader, isLane, paymentChannelsAbi } from '@isochrone/contracts-client'
import { DEFAULT_ADMIN_ROLE, readDeployment, stakeOf, type Deployment } from '@isochrone/contracts-client'
import { freePort, startAnvil } from '@isochrone/local-stack'
import { developmentKeys } from '@isochrone/runtime'
import { pad } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { ensureContracts } from './ensure-contracts.ts'

test('a first start deploys and admits the lane, a second one changes nothing, a foreign chain is refused', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'isochrone-contracts-'))
  const deploymentFile = join(dir, 'deployment.json')
  const chain = await startAnvil({ stateFile: undefined, logFile: join(dir, 'chain.log'), port: await freePort() })
  try {
    const rpcUrl = chain.url
    const env = {
      DATABASE_URL: 'postgresql://a@127.0.0.1/b',
      REDIS_URL: 'redis://127.0.0.1:1',
      CHAIN_RPC_URL: rpcUrl,
      DEPLOYMENT_FILE: deploymentFile,
      GATEWAY_URLS: 'http://127.0.0.1:1',
      CHALLENGE_WINDOW_MS: '2000',
    }
    await ensureContracts({ rpcUrl, deploymentFile, env, isOurChain: true })
    const written = await readFile(deploymentFile, 'utf8')
    const deployment = (await readDeployment(deploymentFile)) as Deployment
    const reader = createChainReader({ rpcUrl, deployment })
    const lane = pad(privateKeyToAccount(developmentKeys[1]).address)
    expect(await isLane(reader, lane)).toBe(true)
    expect((await stakeOf(reader, lane)).active).toBe(BigInt(deployment.params.laneStakeMinMicroUsd))
    expect(deployment.params).toMatchObject({ challengeS: 2, channelThawS: 600 })

    // The deployer keeps nothing: the timelock alone administers.
    for (const contract of administeredContracts) {
      const hasRole = (account: `0x${string}`) =>
        reader.publicClient.readContract({
          address: deployment.addresses[contract],
          abi: paymentChannelsAbi,
          functionName: 'hasRole',
          args: [DEFAULT_ADMIN_ROLE, account],
        })
      expect(await hasRole(privateKeyToAccount(developmentKeys[0]).address)).toBe(false)
      expect(await hasRole(deployment.addresses.timelock)).toBe(true)
    }

    const block = await reader.publicClient.getBlockNumber()
    await ensureContracts({ rpcUrl, deploymentFile, env, isOurChain: true })
    expect(await readFile(deploymentFile, 'utf8')).toBe(written)
    expect(await reader.publicClient.getBlockNumber()).toBe(block)

    await expect(
      ensureContracts({ rpcUrl, deploymentFile, env: { ...env, CHAIN_ID: '5' }, isOurChain: true }),
    ).rejects.toThrow(/CHAIN_ID is 5, but the deployment file names contracts on chain 31337/)
    await writeFile(deploymentFile, JSON.stringify({ ...deployment, chainId: 5 }))
    await expect(ensureContracts({ rpcUrl, deploymentFile, env, isOurChain: true })).rejects.toThrow(
      /answers with id 31337.*To start afresh: `npm start -- --reset`/,
    )
    // `--reset` empties nothing of somebody else's.
    const theirs = ensureContracts({ rpcUrl, deploymentFile, env, isOurChain: false })
    await expect(theirs).rejects.toThrow(/answers with id 31337[^`]*$/)
  } finally {
    await chain.stop()
  }
}, 300_000)
