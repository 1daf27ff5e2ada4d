/**
 * What a development machine may leave out: well-known keys and secrets, usable on a local chain only.
 *
 * The keys are those of the mnemonic "test test test test test test test test test test test junk", which every local
 * chain funds and every scanner knows. Production refuses to start with any of them (see `load-env.ts`).
 */

/** Private keys 0–9 of the well-known test mnemonic, in order of their account index. */
export const developmentKeys = [
  '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
  '0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6',
  '0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a',
  '0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba',
  '0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e',
  '0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356',
  '0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97',
  '0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6',
] as const

/** Defaults of a development machine, by variable. A value set in the environment always wins. */
export const developmentDefaults: Readonly<Record<string, string>> = {
  OPERATOR_KEY: developmentKeys[0],
  GATEWAY_KEY: developmentKeys[1],
  MANAGED_WALLET_KEY: developmentKeys[2],
  AUTH_SECRET: 'isochrone-development-auth-secret-not-for-production',
  INTERNAL_TOKEN: 'isochrone-development-internal-token',
  WITNESS_TOKEN: 'isochrone-development-witness-token',
  // As the demo nodes, a demo gateway has a simulated place.
  GATEWAY_COUNTRY: 'NL',
  STORE_COUNTRY: 'NL',
  WEB_COUNTRY: 'NL',
  // The local chain mines when something waits: more than one confirmation would never come.
  CHAIN_BLOCK_TIME_MS: '1000',
  CHAIN_CONFIRMATIONS: '1',
  CHAIN_FINALITY: '0',
  CHAIN_FEE_MAX_GWEI: '500',
  VERIFICATION_PERIOD_MS: '600000',
  EPOCH_MS: '60000',
  CHALLENGE_WINDOW_MS: '60000',
  WITHDRAW_THAW_MS: '600000',
  LEASE_METER_MS: '10000',
}

/** Who judges on a development machine. Nobody else uses these accounts for anything that they could judge. */
export const developmentJudges = { arbiterKeys: developmentKeys.slice(4) } as const

/** Values that production must never run with, compared case-insensitively. */
export const developmentSecrets: ReadonlySet<string> = new Set(
  [
    ...developmentKeys,
    developmentDefaults.AUTH_SECRET,
    developmentDefaults.INTERNAL_TOKEN,
    developmentDefaults.WITNESS_TOKEN,
  ].map((value) => String(value).toLowerCase()),
)
