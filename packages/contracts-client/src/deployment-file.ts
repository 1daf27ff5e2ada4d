/**
 * Keeps a deployment in a JSON file. Written to a neighbour and renamed, so that a reader never sees half of one.
 */
import { readFile, rename, writeFile } from 'node:fs/promises'

import { AppError } from '@isochrone/domain'
import { isAddress, isHex } from 'viem'

import { contractNames, type Deployment } from './deployment.ts'
import { developmentParams } from './deployment-params.ts'

/**
 * The deployment kept in a file, or null when there is no such file.
 *
 * @throws AppError `state_conflict` when the file is there and cannot be read, or is no deployment or one of another version.
 */
export async function readDeployment(path: string): Promise<Deployment | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no reason given'
    if (code === 'ENOENT') return null
    const publicMessage = `${path} cannot be read (${code}). It should be the deployment file.`
    throw new AppError('state_conflict', { publicMessage, cause: error })
  }
  return parseDeployment(text, path)
}

/** Replaces the file with this deployment, atomically. */
export async function writeDeployment(path: string, deployment: Deployment): Promise<void> {
  const next = `${path}.${process.pid}.next`
  await writeFile(next, `${JSON.stringify(deployment, null, 2)}\n`)
  await rename(next, path)
}

/**
 * A deployment from its JSON text.
 *
 * @param origin Named in the error: a path or a variable.
 * @throws AppError `state_conflict` when the text is no deployment, or one of another version.
 */
export function parseDeployment(text: string, origin: string): Deployment {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw notADeployment(origin, cause)
  }
  if (isDeployment(value)) return value
  if (isRecord(value) && isRecord(value.addresses) && value.version !== 3) {
    throw new AppError('state_conflict', {
      publicMessage: `${origin} holds contracts of an older version of Isochrone, without the panels that judge records. Run the version that deployed them, or deploy again.`,
    })
  }
  throw notADeployment(origin)
}

function notADeployment(origin: string, cause?: unknown): AppError {
  return new AppError('state_conflict', {
    publicMessage: `${origin} does not hold a deployment of the Isochrone contracts. Deploy again, or restore the file.`,
    cause,
  })
}

function isDeployment(value: unknown): value is Deployment {
  if (!isRecord(value) || !isRecord(value.addresses) || !isRecord(value.codeHashes) || !isRecord(value.params)) {
    return false
  }
  const { addresses, codeHashes, params } = value
  return (
    value.version === 3 &&
    [value.chainId, value.blockNumber].every(Number.isSafeInteger) &&
    contractNames.every((name) => {
      const address = addresses[name]
      return isAnyCaseAddress(address) && (codeHashes[name] === null || isHex(codeHashes[name]))
    }) &&
    Object.entries(sample).every(([name, example]) => isLike(params[name], example))
  )
}

/** Every parameter with a value of its type: what a file must hold. */
const nobody = '0x0000000000000000000000000000000000000000'
const sample = developmentParams({
  admin: nobody,
  guardian: nobody,
  auditor: nobody,
  treasury: nobody,
  arbiters: [],
}) as unknown as Record<string, unknown>

function isLike(value: unknown, example: unknown): boolean {
  if (Array.isArray(example)) return Array.isArray(value) && value.every(isAnyCaseAddress)
  if (typeof example === 'number') return Number.isSafeInteger(value) && Number(value) >= 0
  if (example === nobody) return isAnyCaseAddress(value)
  return typeof value === 'string' && /^\d{1,39}$/.test(value)
}

function isAnyCaseAddress(value: unknown): boolean {
  return typeof value === 'string' && isAddress(value, { strict: false })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
