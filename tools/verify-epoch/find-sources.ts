/**
 * What a verification works with: the file, an endpoint of the chain, and whose contracts to trust. What is not said on
 * the command line comes from the marketplace that runs here, if one does.
 */
import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readDeployment, type Deployment } from '@isochrone/contracts-client'
import { AppError, isAppError, toAppError } from '@isochrone/domain'
import { addressToBytes32, type EpochFileHeader, type Hex } from '@isochrone/protocol'
import {
  fetchEpochFile,
  hashOfFile,
  readEpochHeader,
  type FetchEarlier,
  type FetchedEpoch,
  type OpenFile,
} from '@isochrone/verifier'
import { readInstanceFile, type InstanceInfo } from '../start/instance-file.ts'
import { openFile } from './open-file.ts'

export interface VerifyFlags {
  rpc?: string
  deployment?: string
  trustFile?: true
  strict?: true
  expect?: string
  gateway: string[]
  previous: string[]
  dataDir: string
  json?: true
  progress?: true
}

export interface Sources {
  open: OpenFile
  previous: OpenFile[]
  /** Where files of epochs before come from; null: no gateway is known. */
  fetchEarlier: FetchEarlier | null
  expected: { lane?: Hex; epoch?: number }
  rpcUrl: string
  /** Whose contracts the file is held against; null: those that it names itself. */
  deployment: Deployment | null
  /** Null where the file's first line cannot be read, and a deployment says whom to ask. */
  header: EpochFileHeader | null
  /** Removes what was fetched. */
  close: () => Promise<void>
}

const ID = /^(?:(0x[0-9a-f]{64}|0x[0-9a-f]{40}):)?(\d{1,15})$/i

/** @throws AppError in one sentence: what is missing, and how to say it. */
export async function findSources(target: string, flags: VerifyFlags): Promise<Sources> {
  const instance = runningInstance(flags.dataDir)
  const id = ID.exec(target)
  const rpcUrl = urlOf('--rpc', flags.rpc ?? instance?.chainRpcUrl)
  if (rpcUrl === undefined) throw missing('Say which chain endpoint to ask: --rpc URL.')
  const previous = flags.previous.map(fileAt)
  const expected = { ...(flags.expect !== undefined && expectedBy(flags.expect)), ...(id && expectedOf(id)) }
  const gateways = gatewaysOf(flags, instance)
  if (id && gateways.length === 0)
    throw missing('Say which gateway has the epoch: --gateway URL. Or name a file instead of a number.')
  const fetched = id ? await fetchFromAny(gateways, Number(id[2]), expected.lane) : null
  const close = async () => fetched?.remove()
  try {
    const open = fileAt(fetched?.path ?? target)
    const read = await readEpochHeader(open).catch(asUnreadable)
    const header = read instanceof AppError ? null : read
    const deployment = await deploymentOf(flags, instance, header?.chainId ?? null)
    if (read instanceof AppError && !deployment) throw read
    const fetchEarlier = header && gateways.length > 0 ? earlierFrom(gateways, header.lane) : null
    return { open, previous, fetchEarlier, expected, rpcUrl, deployment, header, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The verification says what is wrong with it, if there are contracts to ask. */
function asUnreadable(error: unknown): AppError {
  if (isAppError(error)) return error
  throw error
}

function expectedBy(text: string): Sources['expected'] {
  const id = ID.exec(text)
  if (!id) throw missing(`--expect is no EPOCH or LANE:EPOCH: ${text}`)
  return expectedOf(id)
}

function expectedOf([, lane, epoch]: RegExpExecArray): Sources['expected'] {
  const named =
    lane === undefined ? undefined : ((lane.length === 42 ? addressToBytes32(lane) : lane.toLowerCase()) as Hex)
  return { ...(named !== undefined && { lane: named }), epoch: Number(epoch) }
}

/** An instance file of another version says nothing here. */
function runningInstance(dataDir: string): InstanceInfo | null {
  try {
    return readInstanceFile(resolve(dataDir))
  } catch {
    return null
  }
}

/** The gateway, then nodes with copies; none where nobody said which, and no marketplace runs here. */
function gatewaysOf(flags: VerifyFlags, instance: InstanceInfo | null): string[] {
  if (flags.gateway.length > 0) return flags.gateway.map((url) => urlOf('--gateway', url) as string)
  return instance ? [instance.gatewayUrl, ...(instance.mirrorUrls ?? [])] : []
}

/** One that gives out another file than the chain names keeps nobody from asking the next; it is named when all do. */
function earlierFrom(gateways: readonly string[], lane: Hex): FetchEarlier {
  return async (epoch, dataHash) => {
    const said: string[] = []
    let other: Awaited<ReturnType<FetchEarlier>> | null = null
    for (const from of gateways) {
      try {
        const { path, remove } = await fetchEpochFile(from, epoch, { lane })
        const file = { open: fileAt(path), from, remove }
        if ((await hashOfFile(file.open)) === dataHash) {
          await other?.remove()
          return file
        }
        if (other) await remove()
        else other = file
      } catch (error) {
        said.push(toAppError(error).publicMessage)
      }
    }
    if (other) return other
    throw new AppError('not_found', { publicMessage: said.join(' ') })
  }
}

/** @throws AppError in one sentence: what each that was asked said. */
async function fetchFromAny(sources: readonly string[], epoch: number, lane: Hex | undefined): Promise<FetchedEpoch> {
  const said: string[] = []
  for (const source of sources) {
    try {
      return await fetchEpochFile(source, epoch, lane === undefined ? {} : { lane })
    } catch (error) {
      said.push(toAppError(error).publicMessage)
    }
  }
  throw new AppError('not_found', { publicMessage: said.join(' ') })
}

/**
 * The one that was named, else that of the marketplace here if the epoch is of its chain, or its chain is asked; else null, and
 * the file is held against the contracts that it names itself: they could be a forger's, and would then confirm whatever it says.
 *
 * @param chainId of the file; null where it cannot be read.
 */
async function deploymentOf(
  flags: VerifyFlags,
  instance: InstanceInfo | null,
  chainId: number | null,
): Promise<Deployment | null> {
  if (flags.deployment !== undefined) {
    const deployment = await readDeployment(resolve(flags.deployment))
    if (!deployment) throw missing(`There is no file ${flags.deployment}.`)
    return deployment
  }
  const found = instance ? await readDeployment(instance.deploymentFile) : null
  const isAsked = flags.rpc === undefined || found?.chainId === chainId
  return isAsked ? found : null
}

/** @throws AppError when there is none, or it is a folder. */
export function fileAt(path: string): OpenFile {
  const full = resolve(path)
  if (!existsSync(full)) throw missing(`There is no file ${path}.`)
  if (!statSync(full).isFile()) throw missing(`${path} is not a file.`)
  return () => openFile(full)
}

/** @throws AppError when it is given and no address of a service. */
export function urlOf(flag: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  throw missing(`${flag} is no http or https URL: ${text}`)
}

function missing(publicMessage: string): AppError {
  return new AppError('invalid_input', { publicMessage })
}

export const defaultDataDir = (root: string): string => join(root, '.data')
