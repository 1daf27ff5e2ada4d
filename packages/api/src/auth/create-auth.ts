/**
 * Sign-in by better-auth: e-mail and password, Sign-In with Ethereum, organisations, API keys.
 *
 * Whatever gateways must hear of (organisations, keys) is written by our services, in one transaction with the event that
 * tells them. better-auth's own endpoints for these writes are closed, because they would leave the event out.
 */
import { apiKey } from '@better-auth/api-key'
import type { ControlPlane } from '@isochrone/services'
import { betterAuth } from 'better-auth'
import { prismaAdapter } from 'better-auth/adapters/prisma'
import { APIError } from 'better-auth/api'
import { organization, siwe } from 'better-auth/plugins'
import { hashMessage, isAddress, isHex, verifyMessage, type Hex } from 'viem'
import { generateSiweNonce } from 'viem/siwe'
import { onlyKnownEndpoints } from './only-known-endpoints.ts'

export interface CreateAuthOptions {
  /** The database client; only better-auth looks inside. */
  prisma: Parameters<typeof prismaAdapter>[0]
  accounts: Pick<ControlPlane['accounts'], 'createOrganisation'>
  secret: string
  /** Where people reach the web app; sign-in is accepted from there (and from the other name of loopback) alone. */
  webUrl: string
  /** Whether a new account gets an organisation of its own; demonstration data brings its own. */
  organisationForNewUsers?: boolean
  /**
   * Lets wallets that are contracts (ERC-1271, ERC-6492) sign in, for this chain alone: on another one, somebody else may
   * own the same address. Without it only keys sign in.
   */
  contractWallets?: {
    chainId: number
    isSignatureBy(asked: { signer: Hex; digest: Hex; signature: Hex }): Promise<boolean>
  }
}

const BASE_PATH = '/api/auth'
const DAY_S = 86_400

export function createAuth(options: CreateAuthOptions) {
  const { accounts, organisationForNewUsers = true } = options
  return betterAuth({
    appName: 'Isochrone',
    baseURL: options.webUrl,
    basePath: BASE_PATH,
    secret: options.secret,
    trustedOrigins: originsOf(options.webUrl),
    database: prismaAdapter(options.prisma, { provider: 'postgresql' }),
    telemetry: { enabled: false },
    logger: { level: 'error' },
    emailAndPassword: { enabled: true, minPasswordLength: 10, maxPasswordLength: 128, autoSignIn: true },
    user: {
      // Never from a form: staff are made staff in the database.
      additionalFields: { role: { type: 'string', required: false, input: false, defaultValue: 'user' } },
    },
    session: { expiresIn: 14 * DAY_S, updateAge: DAY_S },
    rateLimit: {
      enabled: true,
      window: 10,
      max: 200,
      customRules: { '/sign-in/email': { window: 60, max: 30 }, '/sign-up/email': { window: 60, max: 30 } },
    },
    databaseHooks: {
      user: {
        create: {
          after: async (user) => {
            if (!organisationForNewUsers) return
            await accounts.createOrganisation({ userId: user.id, name: `${shortName(user.name)}’s team` })
          },
        },
      },
    },
    plugins: [
      onlyKnownEndpoints(BASE_PATH),
      organization({ allowUserToCreateOrganization: false, disableOrganizationDeletion: true }),
      siwe({
        domain: new URL(options.webUrl).host,
        getNonce: async () => generateSiweNonce(),
        verifyMessage: (asked) => isWalletsOwn(asked, options.contractWallets),
      }),
      apiKey({
        references: 'organization',
        defaultPrefix: 'iso_',
        rateLimit: { enabled: false },
        schema: { apikey: { modelName: 'apiKey' } },
      }),
    ],
  })
}

export type Auth = ReturnType<typeof createAuth>

/** A contract wallet's signature that is longer than this is asked of nobody. */
const SIGNATURE_CHARS_MAX = 2 + 2 * 8_192

async function isWalletsOwn(
  { message, signature, address, chainId }: { message: string; signature: string; address: string; chainId: number },
  contracts: CreateAuthOptions['contractWallets'],
): Promise<boolean> {
  if (!isAddress(address) || !isHex(signature) || signature.length > SIGNATURE_CHARS_MAX) return false
  if (await verifyMessage({ address, message, signature }).catch(() => false)) return true
  if (contracts?.chainId !== chainId || signature.length % 2 !== 0) return false
  try {
    return await contracts.isSignatureBy({ signer: address, digest: hashMessage(message), signature })
  } catch {
    throw new APIError('SERVICE_UNAVAILABLE', {
      message:
        'The signature is not by this wallet’s own key, and whether the wallet is a contract that accepts it could not be asked of the chain. Try again in a moment.',
    })
  }
}

/** A wallet's user is named by its address; an organisation by the two ends of it. */
function shortName(name: string): string {
  return isAddress(name) ? `${name.slice(0, 6)}…${name.slice(-4)}` : name.trim().slice(0, 60) || 'New'
}

/** On one machine, `localhost` and `127.0.0.1` are the same place to a person. */
function originsOf(webUrl: string): string[] {
  const url = new URL(webUrl)
  const twin = { localhost: '127.0.0.1', '127.0.0.1': 'localhost' }[url.hostname]
  return twin ? [url.origin, `${url.protocol}//${twin}${url.port && `:${url.port}`}`] : [url.origin]
}
