/**
 * What an engine is and what it holds, for the report to the marketplace. Of a server of the provider's own only what it says
 * itself is known: its name from its model list, its version from where each kind of server tells it.
 */
import type { EngineModelReport, EngineName, EngineReport } from '@isochrone/protocol'
import { request } from 'undici'
import { z } from 'zod'
import type { EngineBackend } from './engine-backend.ts'
import type { EngineModel } from './engine-driver.ts'

type NamedModel = EngineModel & Pick<EngineModelReport, 'model' | 'hashOf'> & { readonly modelHash: `0x${string}` }

const LIMIT_MS = 2_000
const ANSWER_BYTES_MAX = 64 * 1024

/** By what servers call themselves in their model lists (`owned_by`): their name, and where they say their version. */
const servers: Readonly<Record<string, { readonly name: EngineName; readonly path: string; readonly field: string }>> =
  {
    vllm: { name: 'vLLM', path: '/version', field: 'version' },
    sglang: { name: 'SGLang', path: '/get_server_info', field: 'version' },
    llamacpp: { name: 'llama.cpp', path: '/props', field: 'build_info' },
    library: { name: 'Ollama', path: '/api/version', field: 'version' },
    isochrone: { name: 'llama.cpp', path: '/version', field: 'version' },
    simulated: { name: 'simulated', path: '/version', field: 'version' },
  }

/** Of an engine in this process. */
export function builtInReport(backend: EngineBackend, concurrencyMax: number): EngineReport {
  return {
    name: backend.engine?.name ?? 'other',
    version: backend.engine?.version ?? null,
    concurrencyMax: Math.min(4096, concurrencyMax),
    models: backend.models.map(({ id, modelHash, simulated, file }) => ({
      model: id,
      modelHash,
      hashOf: simulated ? 'description' : 'file',
      fileName: file?.name.slice(0, 200) ?? null,
      fileBytes: file?.bytes ?? null,
      memoryMib: file?.memoryMib ?? null,
      answer: null,
    })),
  }
}

/** Of a server; one that does not say what it is, is `other`. */
export async function externalReport(
  models: readonly NamedModel[],
  { baseUrl, apiKey }: { readonly baseUrl: string; readonly apiKey: string | undefined },
  concurrencyMax: number,
): Promise<EngineReport> {
  const owner = models.find(({ ownedBy }) => ownedBy !== undefined && Object.hasOwn(servers, ownedBy))?.ownedBy
  const server = owner === undefined ? undefined : servers[owner]
  return {
    name: server?.name ?? 'other',
    version: server ? await versionOf(urlOf(baseUrl, server.path), server.field, apiKey) : null,
    concurrencyMax: Math.min(4096, concurrencyMax),
    models: models.slice(0, 64).map(({ model, modelHash, hashOf, simulated }) => ({
      model,
      modelHash,
      hashOf: simulated ? 'description' : hashOf,
      fileName: null,
      fileBytes: null,
      memoryMib: null,
      answer: null,
    })),
  }
}

/** Beside the API, whose base may end in `/v1`. */
function urlOf(baseUrl: string, path: string): URL {
  const url = new URL(baseUrl)
  url.pathname = `${url.pathname.replace(/\/(v1\/?)?$/, '')}${path}`
  return url
}

/** Null where the server does not say: a version is good to know, and nothing depends on it. */
async function versionOf(url: URL, field: string, apiKey: string | undefined): Promise<string | null> {
  try {
    const response = await request(url, {
      headers: apiKey ? { authorization: `Bearer ${apiKey}` } : {},
      headersTimeout: LIMIT_MS,
      bodyTimeout: LIMIT_MS,
    })
    const parts: Buffer[] = []
    let bytes = 0
    for await (const part of response.body as AsyncIterable<Buffer>) {
      bytes += part.length
      if (bytes > ANSWER_BYTES_MAX) return null
      parts.push(part)
    }
    if (response.statusCode !== 200) return null
    const said = z.record(z.string(), z.unknown()).safeParse(JSON.parse(Buffer.concat(parts).toString('utf8'))).data
    const version = said?.[field]
    return typeof version === 'string' && version !== '' ? version.slice(0, 80) : null
  } catch {
    return null
  }
}
