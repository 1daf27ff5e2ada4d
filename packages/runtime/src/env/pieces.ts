/**
 * The vocabulary of environment variables: one zod type for each variable, shared by the schema of every process.
 *
 * A process picks the pieces that it needs in `processes.ts`; a new variable is added here once, with its unit in its
 * name and its meaning beside it.
 */
import { z } from 'zod'

const port = z.coerce.number().int().min(0).max(65_535)
const durationMs = z.coerce
  .number()
  .int()
  .positive()
  .max(365 * 86_400_000)
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' })
const origin = z.string().refine((text) => /^https?:/.test(text) && URL.parse(text)?.origin === text, {
  error: 'must be an origin as browsers send it, such as https://app.example.org',
})
const privateKey = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, 'must be a private key: 0x and 64 hexadecimal digits')
  .transform((key) => key as `0x${string}`)
/** ISO 3166-1 alpha-2; empty = not said, which is inside no residency. */
const country = z.string().regex(/^([A-Z]{2})?$/, 'must be an ISO 3166-1 alpha-2 code such as DE')
const secret = z.string().min(24, 'must have at least 24 characters')

/** A comma-separated list, blank items dropped. */
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
)

/** What every process needs. */
export const common = {
  ISOCHRONE_ENVIRONMENT: z.enum(['development', 'production']),
  NODE_ENV: z.string().default('development'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
}

export const storage = {
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgresql:// URL'),
  REDIS_URL: z.string().regex(/^rediss?:\/\//, 'must be a redis:// or rediss:// URL'),
}

export const chain = {
  CHAIN_RPC_URL: httpUrl,
  /** JSON file with the addresses of the deployed contracts, written by the deploy step. */
  DEPLOYMENT_FILE: z.string().min(1),
  /** Which chain this must be; the one of the deployment file by default. */
  CHAIN_ID: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional(),
  CHAIN_BLOCK_TIME_MS: durationMs.default(12_000),
  /** Blocks that hold or follow a transaction before it counts as done. */
  CHAIN_CONFIRMATIONS: z.coerce.number().int().min(1).max(1_000).default(3),
  /** When a block can no longer vanish: where the chain says so, or so many blocks behind its latest. */
  CHAIN_FINALITY: z
    .string()
    .regex(/^(?:safe|finalized|\d{1,6})$/, 'must be safe, finalized, or a number of blocks')
    .default('finalized'),
  CHAIN_FEE_MODEL: z.enum(['eip1559', 'legacy']).default('eip1559'),
  /** The most that a unit of gas may cost us. */
  CHAIN_FEE_MAX_GWEI: z.coerce.number().positive().max(1_000_000).default(200),
}

/**
 * The chain as browsers and wallets reach it: an address without a secret. Absent: pages of people who are signed in ask
 * through the web app, and a wallet must know the chain already.
 */
export const publicChain = { CHAIN_PUBLIC_RPC_URL: httpUrl.optional() }

/** Deadlines that a deployment chooses; `npm start` runs them at a minute (see docs/GLOSSARY.md: epoch, pending, thaw). */
export const windows = {
  EPOCH_MS: durationMs.default(3_600_000),
  CHALLENGE_WINDOW_MS: durationMs.default(86_400_000),
  WITHDRAW_THAW_MS: durationMs.default(30 * 86_400_000),
}

/** Directory for what this process alone keeps on disk: a journal, signed receipts, epoch files. */
export const dataDir = { DATA_DIR: z.string().min(1) }

/** Shared between worker, web and gateway: authorises `/internal` routes. */
export const leases = {
  /** Between two receipts of a lease. */
  LEASE_METER_MS: durationMs.default(60_000),
  /** How long a node may be unknown to every gateway before its leases are moved. */
  LEASE_GONE_MS: durationMs.default(5_000),
}

export const internalToken = { INTERNAL_TOKEN: secret }

export const storePlace = {
  /** Where Postgres and Redis are: what they hold of a request must stay inside a residency too. */
  STORE_COUNTRY: country.default(''),
  STORE_REGION: z.string().max(64).default(''),
}

export const gatewayServer = {
  GATEWAY_HOST: z.string().default('127.0.0.1'),
  GATEWAY_PORT: port.default(4001),
  /** How customers and agents reach this gateway; the printed `curl` uses it. */
  GATEWAY_PUBLIC_URL: httpUrl.default('http://127.0.0.1:4001'),
  /** The lane's private key: it numbers and signs delivery receipts and vouchers. */
  GATEWAY_KEY: privateKey,
  /** Origins whose pages may call this gateway, as `https://app.example.org`; none by default. */
  GATEWAY_CORS_ORIGINS: list.pipe(z.array(origin).max(64)).default([]),
  /** Eight characters at most: it is signed as `bytes8`. */
  GATEWAY_REGION: z.string().min(1).max(8).default('local'),
  /**
   * How long requests that run may go on when the gateway is told to stop; what runs then is cut, and its client pays for the prompt
   * again when it asks again. By default as long as any may last, so that none is cut: the gateway ends with the last of them, which nearly
   * always takes minutes. Whoever starts the process must give it this long and 20 s more.
   */
  GATEWAY_DRAIN_MS: durationMs.default(7 * 3_600_000),
  /** How late the event loop may be. Where it stays later, nothing new begins until it is not. */
  GATEWAY_LATE_MS_MAX: durationMs.default(500),
  /** Silence of a node that ends an attempt. */
  ATTEMPT_SILENCE_MS: durationMs.default(30_000),
  /** Nodes that may decline one request because of the prompts that wait there; 0: none is asked to. */
  PROMPT_DECLINES_MAX: z.coerce.number().int().min(0).max(2).default(2),
  /**
   * Tokenizers of models, `<model hash>/tokenizer.json`: plain text that these models answer is counted again. Absent: nothing is.
   */
  RECOUNT_TOKENIZERS_DIR: z.string().min(1).optional(),
  /** Where this gateway, its journal and its logs are: an organisation with a residency is served inside it alone. */
  GATEWAY_COUNTRY: country.default(''),
}

/** Every gateway that this process talks to. */
export const gatewayUrls = { GATEWAY_URLS: list.pipe(z.array(httpUrl).min(1).max(64)) }

/** Where epoch files are looked for beside the gateways, and when one is held to be withheld. */
export const epochFiles = {
  /** Nodes that give out their copies (`agent run --serve-epochs`). */
  EPOCH_MIRROR_URLS: list.pipe(z.array(httpUrl).max(64)).default([]),
  /** For which nobody must have had an anchored epoch's file before it is disputed; absent: half of the time to file. */
  WITHHELD_AFTER_S: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional(),
}

/** Sends settlement transactions and owns the deployment. It can move no customer money by itself. */
export const operatorKey = { OPERATOR_KEY: privateKey }

/** Holds the channels of teams that want no wallet of their own. */
export const managedWalletKey = { MANAGED_WALLET_KEY: privateKey }

export const webServer = {
  WEB_HOST: z.string().default('127.0.0.1'),
  WEB_PORT: port.default(4000),
  WEB_URL: httpUrl.default('http://127.0.0.1:4000'),
  /** Where the web process is: what people type in the playground passes it. */
  WEB_COUNTRY: country.default(''),
  WEB_REGION: z.string().max(64).default(''),
  AUTH_SECRET: secret,
}

/** Where a process answers `/livez`, `/readyz` and `/metrics`; 0 picks a free port, absent means none. */
export const opsPort = { OPS_PORT: port.optional(), OPS_HOST: z.string().min(1).default('127.0.0.1') }

/**
 * Where traces go, by the names that OpenTelemetry gave them; nowhere where both are absent. Headers for the collector stand
 * in `OTEL_EXPORTER_OTLP_HEADERS`, which the exporter reads itself.
 */
export const tracing = {
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl.optional(),
  /** Share of traces that are kept, 0 to 1. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
}

/** What a witness is, and who may ask it to measure. */
export const witnessServer = {
  WITNESS_HOST: z.string().default('127.0.0.1'),
  WITNESS_PORT: port.default(4010),
  /** Signs its reports; its address is its name for machines. */
  WITNESS_KEY: privateKey,
  WITNESS_NAME: z.string().min(1).max(80),
  /** Degrees, by its operator's word. */
  WITNESS_LATITUDE: z.coerce.number().min(-90).max(90),
  WITNESS_LONGITUDE: z.coerce.number().min(-180).max(180),
  /** `true`: the place is made up, as where all of a network is simulated on one machine. */
  WITNESS_SIMULATED: z.stringbool().default(false),
}

/** Shared between a platform and its witnesses, and with nothing else: it lets its holder ask for measurements. */
export const witnessToken = { WITNESS_TOKEN: secret }

/** The witnesses that measure nodes; absent means that nothing about places and hardware can be checked. */
export const witnessUrls = { WITNESS_URLS: list.pipe(z.array(httpUrl).max(64)).default([]) }

/** The organisation whose channel pays for answers that are asked twice; absent means that no model is checked. */
export const verification = {
  VERIFICATION_ORG_ID: z.string().min(1).optional(),
  /** From one check of a node to the next at most. */
  VERIFICATION_PERIOD_MS: durationMs.default(6 * 3_600_000),
}
