/**
 * What is to be deployed: parameters from a file over those of production, refused where they are fit for development
 * alone. Everything is checked before anything is sent.
 */
import { AppError } from '@isochrone/domain'
import {
  contractNames,
  developmentParams,
  partiesOf,
  productionParams,
  codeHashOf,
  type DeploymentParams,
} from '@isochrone/contracts-client'
import { developmentKeys } from '@isochrone/runtime'
import { getAddress, isAddress, keccak256, stringToHex, zeroAddress, type Address, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { z } from 'zod'

/** Chains on which development keys and windows are welcome: those of anvil, hardhat and ganache. */
const DEVELOPMENT_CHAINS: readonly number[] = [31_337, 1_337]
export const isDevelopmentChain = (chainId: number): boolean => DEVELOPMENT_CHAINS.includes(chainId)

const ARBITERS_MIN = 6
const YEAR_S = 365 * 86_400
const address = z
  .string()
  .refine((text) => isAddress(text), 'is no address with a valid checksum')
  .transform((text) => getAddress(text))
const seconds = z
  .int()
  .min(0)
  .max(10 * YEAR_S)
const bps = z.int().min(0).max(10_000)
const microUsd = z.string().regex(/^\d{1,30}$/, 'is µUSD as decimal text')
const sample = productionParams(partiesOf(zeroAddress, []))
const fieldOf = (name: string, value: unknown) =>
  typeof value === 'string' ? microUsd : name.endsWith('Bps') ? bps : seconds
const { admin: _a, guardian: _g, auditor: _u, treasury: _t, arbiters: _r, ...numbers } = sample
const paramsFile = z.strictObject({
  admin: address,
  guardian: address,
  /** The panels of arbiters judge records where nobody is named. */
  auditor: address.default(zeroAddress),
  treasury: address,
  arbiters: z.array(address).min(ARBITERS_MIN).max(100),
  ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, fieldOf(name, value).optional()])),
})

/**
 * The parameters of a file: who holds which role, and what differs from production.
 *
 * @throws AppError `invalid_input` naming the first field that is missing, unknown or out of range.
 */
export function readDeployParams(text: string, origin: string): DeploymentParams {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw refuse(`${origin} is not JSON.`, cause)
  }
  const parsed = paramsFile.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw refuse(`${origin}: ${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'is not valid'}.`)
  }
  const { admin, guardian, auditor, treasury, arbiters, ...changed } = parsed.data
  if (new Set(arbiters).size < arbiters.length) throw refuse(`${origin}: arbiters: one of them is there twice.`)
  return { ...productionParams({ admin, guardian, auditor, treasury, arbiters }), ...changed }
}

/**
 * Keeps public keys, minutes in place of days, and play money off chains where money is real.
 *
 * @throws AppError `invalid_input` in one sentence.
 */
export function refuseDevelopment(chainId: number, account: Address, params: DeploymentParams, token?: Address): void {
  if (isDevelopmentChain(chainId)) return
  const known = new Set<string>(developmentKeys.map((key) => privateKeyToAccount(key).address))
  const holders = { deployer: account, ...params, arbiters: undefined }
  for (const role of ['deployer', 'admin', 'guardian', 'auditor', 'treasury'] as const) {
    if (known.has(getAddress(holders[role])))
      throw refuse(`The ${role} ${holders[role]} is a development account: its key is public.`)
  }
  const arbiter = params.arbiters.find((item) => known.has(getAddress(item)))
  if (arbiter !== undefined) throw refuse(`The arbiter ${arbiter} is a development account: its key is public.`)
  const short = developmentParams(partiesOf(zeroAddress, []))
  const windows = Object.keys(short).filter((name) => name.endsWith('S')) as (keyof DeploymentParams)[]
  const found = windows.find((name) => Number(params[name]) <= Number(short[name]))
  if (found !== undefined)
    throw refuse(`${found} is ${String(params[found])} s, which is fit for development alone (chain ${chainId}).`)
  if (token === undefined) throw refuse(`Chain ${chainId} needs a token that is there already (--token ADDRESS).`)
}

/** What a journal is of. */
export function planHash(params: DeploymentParams, token: Address | undefined): Hex {
  const code = contractNames.map((name) => codeHashOf(name))
  return keccak256(stringToHex(JSON.stringify([params, token ?? null, code])))
}

function refuse(publicMessage: string, cause?: unknown): AppError {
  return new AppError('invalid_input', { publicMessage, ...(cause !== undefined && { cause }) })
}
