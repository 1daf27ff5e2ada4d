/**
 * Admits this node to the marketplace of an API with a one-time token, and keeps what it was told in the data directory.
 *
 * The node's key never leaves the machine: the API gets its address and a signature that proves possession for exactly
 * this provider.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { signStruct, type Hex, type NodeInventory } from '@isochrone/protocol'
import { makeDirectory, replaceFile } from '@isochrone/runtime'
import { request } from 'undici'
import { z } from 'zod'
import { loadNodeKey } from './node/node-key.ts'

const bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/)
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/)
const gatewayUrls = z.array(z.url()).min(1).max(64)

const invitation = z.object({
  providerId: bytes32,
  chainId: z.int(),
  registryAddress: address,
  gatewayUrls,
  expiresAt: z.union([z.string(), z.number()]),
})
/** Absent from what an earlier market answered, or an earlier `join` wrote. */
const witnessUrls = z.array(z.url()).max(64).default([])
const admission = z.object({ nodeId: bytes32, nodeName: z.string(), gatewayUrls, witnessUrls })
const apiError = z.object({ error: z.object({ message: z.string() }) })

/** What `agent run` reads from the data directory. */
const joinedConfig = z.object({
  apiUrl: z.url(),
  providerId: bytes32,
  nodeId: z.string(),
  nodeName: z.string(),
  nodeKey: z.string(),
  gatewayUrls,
  witnessUrls,
})
export type JoinedConfig = z.infer<typeof joinedConfig>

export type JoinOptions = {
  readonly apiUrl: string
  readonly token: string
  readonly dataDir: string
  readonly nodeKeyFile?: string | undefined
  readonly inventory: NodeInventory
  /** What may be leased of this node, in place of what the token says. */
  readonly rental?: { readonly gpus?: number; readonly gpuHourMicroUsd?: string } | undefined
}

/**
 * Joins and writes the configuration.
 * @throws {Error} with the API's own words when it refuses (unknown, used or expired token).
 */
export async function joinMarket(options: JoinOptions): Promise<JoinedConfig> {
  const { dataDir, token, inventory, rental } = options
  const endpoint = new URL('api/agent/join', options.apiUrl.endsWith('/') ? options.apiUrl : `${options.apiUrl}/`)
  await makeDirectory(dataDir, { mode: 0o700 })
  const nodeKey = await loadNodeKey(options.nodeKeyFile ?? join(dataDir, 'node.key'))

  const invited = await call(invitation, `${endpoint.href}?${new URLSearchParams({ token }).toString()}`)
  const domain = { chainId: invited.chainId, verifyingContract: invited.registryAddress.toLowerCase() as Hex }
  const claim = { providerId: invited.providerId as Hex, nodeKey: nodeKey.address }
  const proof = signStruct(domain, 'NodeKey', claim, nodeKey.privateKey).signature
  const admitted = await call(admission, endpoint.href, { token, nodeKey: nodeKey.address, proof, inventory, rental })

  const config: JoinedConfig = {
    apiUrl: options.apiUrl,
    providerId: invited.providerId,
    nodeId: admitted.nodeId,
    nodeName: admitted.nodeName,
    nodeKey: nodeKey.address,
    gatewayUrls: admitted.gatewayUrls,
    witnessUrls: admitted.witnessUrls,
  }
  await replaceFile(configPath(dataDir), `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 })
  return config
}

/** What an earlier `join` wrote, or undefined. Throws when the file is there and not readable as such. */
export async function readJoinedConfig(dataDir: string): Promise<JoinedConfig | undefined> {
  const text = await readFile(configPath(dataDir), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? undefined : joinedConfig.parse(JSON.parse(text))
}

function configPath(dataDir: string): string {
  return join(dataDir, 'agent.json')
}

async function call<Schema extends z.ZodType>(schema: Schema, url: string, body?: unknown): Promise<z.output<Schema>> {
  const response = await request(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
  }).catch((cause: unknown) => {
    throw new Error(`no answer from ${new URL(url).origin}; is the API's URL right?`, { cause })
  })
  const text = await response.body.text()
  const answer = tryJson(text)
  if (response.statusCode !== 200 && response.statusCode !== 201) {
    const refused = apiError.safeParse(answer)
    throw new Error(refused.success ? refused.data.error.message : `the API answered ${response.statusCode}`)
  }
  const parsed = schema.safeParse(answer)
  if (!parsed.success) throw new Error(`the API's answer is not what this agent expects: ${parsed.error.message}`)
  return parsed.data
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
