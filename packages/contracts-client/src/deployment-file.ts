/**
 * Keeps a deployment in a JSON file. Written to a neighbour and renamed, so that a reader never sees half of one.
 */
import { readFile, rename, writeFile } from 'node:fs/promises'

import { AppError } from '@isochrone/domain'
import { isAddress, isHex } from 'viem'

import { contractNames, type Deployment } from './deployment.ts'

/**
 * The deployment kept in a file, or null when there is no such file.
 *
 * @throws AppError `state_conflict` when the file is there and is no deployment.
 */
export async function readDeployment(path: string): Promise<Deployment | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
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
 * @throws AppError `state_conflict` when the text is no deployment.
 */
export function parseDeployment(text: string, origin: string): Deployment {
  try {
    const value: unknown = JSON.parse(text)
    if (isDeployment(value)) return value
  } catch (cause) {
    throw notADeployment(origin, cause)
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
    [value.chainId, value.blockNumber, params.feeBps, params.settleWindowS, params.thawS].every(Number.isSafeInteger) &&
    [params.admin, params.treasury].every((address) => isAnyCaseAddress(address)) &&
    contractNames.every((name) => {
      const address = addresses[name]
      return isAnyCaseAddress(address) && (codeHashes[name] === null || isHex(codeHashes[name]))
    })
  )
}

function isAnyCaseAddress(value: unknown): boolean {
  return typeof value === 'string' && isAddress(value, { strict: false })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
