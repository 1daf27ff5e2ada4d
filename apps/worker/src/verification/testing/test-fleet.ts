/**
 * Real witnesses, agents and engines as child processes on this machine, over a real database: what the checks are tried on.
 *
 * Nothing of the checks is replaced. Distance is the agents' own delay shim; shared hardware is a core that two are pinned to.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createDb, createStore } from '@isochrone/db'
import { systemClock } from '@isochrone/domain'
import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  randomBytes32,
  type GeoPlace,
  type Hex,
  type NodeInventory,
} from '@isochrone/protocol'
import { childEnv } from '@isochrone/runtime'
import { makeTerms, noPromises, verifyNode, type ReplayPort } from '@isochrone/services'
import { witnessHttp } from '../witness-http.ts'

const projectRoot = fileURLToPath(new URL('../../../../../', import.meta.url))

export const amsterdam: GeoPlace = { latitude: 52.4, longitude: 4.9 }
export const washington: GeoPlace = { latitude: 38.9, longitude: -77.0 }

const TOKEN = 'a-token-of-the-witnesses-of-this-test'
const flags = ['--disable-warning=ExperimentalWarning']

export type TestNode = { nodeId: Hex; nodeKey: Hex; dir: string; name: string }

export type NodeClaims = {
  region: string
  country: string
  providerId: string
  sharedHost?: boolean
  inventory?: Partial<NodeInventory>
  gpuClass?: string
  models?: { model: string; modelHash: string }[]
}

export type TestAgent = {
  /** Where it pretends to stand. Absent: here, and its round trips are real. */
  place?: GeoPlace
  core?: number
  /** A program that answers its challenges. */
  helper?: string
}

export async function startTestFleet({ databaseUrl, dir }: { databaseUrl: string; dir: string }) {
  const db = createDb(databaseUrl)
  const store = createStore(db)
  const children: ChildProcess[] = []
  const witnesses: ReturnType<typeof witnessHttp>[] = []
  const witnessUrls: string[] = []

  /** Resolves when the process has said so many lines that match, with the last of them. */
  async function until(child: ChildProcess, pattern: RegExp, times = 1): Promise<RegExpExecArray> {
    const tail: string[] = []
    let left = times
    if (!child.stdout) throw new Error('no output to read')
    // Read to its end: a pipe that nobody reads stops whoever writes into it.
    const lines = createInterface({ input: child.stdout })
    return new Promise((resolve, reject) => {
      lines.on('line', (line) => {
        const match = pattern.exec(line)
        if (match && --left === 0) resolve(match)
        if (left > 0) tail.push(line)
      })
      lines.once('close', () => {
        reject(new Error(`it ended without saying ${String(pattern)}: ${tail.slice(-5).join(' | ')}`))
      })
    })
  }

  function start(command: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
    const child = spawn(command, args, {
      cwd: projectRoot,
      env: childEnv({ ISOCHRONE_ENVIRONMENT: 'development', ...env }),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    return child
  }

  return {
    store,
    db,
    witnesses,

    async witness(name: string, place: GeoPlace): Promise<void> {
      const child = start(process.execPath, [...flags, 'apps/witness/src/main.ts'], {
        WITNESS_PORT: '0',
        WITNESS_NAME: name,
        WITNESS_LATITUDE: String(place.latitude),
        WITNESS_LONGITUDE: String(place.longitude),
        WITNESS_KEY: bytes32Of(`witness ${name}`),
        WITNESS_TOKEN: TOKEN,
      })
      const [, url = ''] = await until(child, /"url":"(http:[^"]+)"/)
      witnessUrls.push(url)
      witnesses.push(witnessHttp({ url, token: TOKEN }))
    },

    /** A node of the database with a real agent that has linked to every witness. */
    async node(name: string, claims: NodeClaims, agent: TestAgent = {}): Promise<TestNode> {
      const nodeDir = join(dir, name)
      mkdirSync(nodeDir, { recursive: true })
      const nodeKey = randomBytes32()
      writeFileSync(join(nodeDir, 'node.key'), `${nodeKey}\n`, { mode: 0o600 })
      const node = { nodeId: addressToBytes32(addressOfKey(nodeKey)), nodeKey, dir: nodeDir, name }
      await insertNode(node, claims)
      const args = [...flags, 'apps/agent/src/main.ts', 'run', '--data-dir', nodeDir, '--engine', 'simulated']
      args.push('--gateway', 'http://127.0.0.1:9', '--only-given-gateways')
      for (const url of witnessUrls) args.push('--witness', url)
      if (agent.place) args.push('--simulated-place', `${agent.place.latitude},${agent.place.longitude}`)
      if (agent.helper) args.push('--matmul-helper', agent.helper)
      const pinned = agent.core === undefined ? [] : ['taskset', '-c', String(agent.core)]
      const [command = '', ...rest] = [...pinned, process.execPath, ...args]
      const child = start(command, rest)
      const ready = agent.helper ? /linked to a witness|matmul helper is ready/ : /linked to a witness/
      await until(child, ready, witnessUrls.length + (agent.helper ? 1 : 0))
      return node
    },

    /** A row without a process: what is asked of it is asked otherwise. */
    insertNode,

    /** The built-in engine as a process of its own. */
    async engine(args: readonly string[]): Promise<{ url: string; modelHash: string }> {
      const main = ['apps/agent/src/main.ts', 'serve-engine', '--models-dir', join(dir, 'models'), ...args]
      const [line] = await until(start(process.execPath, [...flags, ...main]), /^\{"url".*$/)
      const said = JSON.parse(line) as { url: string; models: { modelHash: string }[] }
      return { url: said.url, modelHash: said.models[0]?.modelHash ?? '' }
    },

    /** Writes another model of the demo model's vocabulary: one layer instead of two, other weights. */
    async smallerModel(path: string): Promise<void> {
      const code = `import { writeFileSync } from 'node:fs'
import { buildDemoModel } from './apps/agent/src/gguf/demo-model.ts'
writeFileSync(${JSON.stringify(path)}, buildDemoModel({ layers: 1, seed: 7 }))`
      const [exit] = (await once(start(process.execPath, [...flags, '--input-type=module', '-e', code]), 'exit')) as [
        number,
      ]
      if (exit !== 0) throw new Error(`no model was written: ${exit}`)
    },

    verify(node: { nodeId: Hex }, replay: ReplayPort | null = null) {
      let seed = 1
      const deps = { store, witnesses, replay, clock: systemClock, periodMs: 60_000, seed: () => seed++ }
      return verifyNode(deps, node.nodeId)
    },

    async verdict(node: { nodeId: Hex }, kind: string) {
      return (await store.verification.newestChecks([node.nodeId])).find((check) => check.kind === kind)
    },

    async stop(): Promise<void> {
      await Promise.all(
        children.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return
          child.kill('SIGKILL')
          await once(child, 'exit')
        }),
      )
      await db.$disconnect()
    },
  }

  async function insertNode({ nodeId, name }: Pick<TestNode, 'nodeId' | 'name'>, claims: NodeClaims): Promise<void> {
    const { providerId, region, country } = claims
    const provider = { orgId: `org_${providerId}`, name: providerId, ownerAddress: '0x', payoutAddress: '0x' }
    await store.providers.insert({ id: providerId, ...provider, salt: '0x', feeBps: 0 })
    const terms = makeTerms({
      providerId: providerId as Hex,
      prices: {
        inMicroUsdPerMtok: 1n,
        cachedMicroUsdPerMtok: 1n,
        outMicroUsdPerMtok: 1n,
        inMicroUsdPerGb: 0n,
        outMicroUsdPerGb: 0n,
      },
      promises: noPromises,
      document: {
        version: 3,
        nodeName: name,
        region,
        country,
        simulated: false,
        sharedHost: claims.sharedHost ?? false,
        tier: 'regional',
        dataPolicy: 'any',
      },
    })
    await store.providers.insertTerms({ ...terms, providerId })
    const inventory = {
      hardware: 'test',
      cpuModel: 'test',
      cpuCores: 1,
      memoryMib: 1,
      gpus: [],
      agentVersion: '0',
      os: 'test',
      ...claims.inventory,
    }
    const id = `node_${name}`
    const place = { region, country, failureDomain: name, tier: 'regional', dataPolicy: 'any' } as const
    const { gpuClass = 'CPU' } = claims
    const row = { nodeId, id, name, providerId, termsHash: terms.hash, simulated: false, gpuClass, ...place }
    await store.providers.insertNode({ ...row, inventory, keyProof: '0x' })
    const models = (claims.models ?? []).map((each) => ({
      ...each,
      contextTokensMax: 1024,
      quantisation: 'F32',
      simulated: false,
    }))
    await db.node.update({ where: { nodeId }, data: { status: 'active', models } })
    await store.verification.makeDue(nodeId, new Date())
    const uuids = inventory.gpus.flatMap((gpu) => gpu.uuids)
    await store.verification.claimGpus(nodeId, uuids, new Date())
  }
}
