const chainErrors: ReadonlySet<string> = new Set([
  'ChainMismatchError',
  'ConnectorChainMismatchError',
  'SwitchChainError',
  'SwitchChainNotSupportedError',
])

/** What a wallet or a chain refused, as a sentence. EIP-1193 codes; viem's errors carry a `shortMessage`. */
export function walletErrorText(thrown: unknown): string {
  const { name, code, shortMessage, message, cause } = (thrown ?? {}) as {
    name?: string
    code?: number
    shortMessage?: string
    message?: string
    cause?: unknown
  }
  if (code === 4001 || (cause as { code?: number } | undefined)?.code === 4001) {
    return 'You declined in the wallet. Nothing more was sent.'
  }
  if (name !== undefined && chainErrors.has(name)) {
    return 'The wallet is on another chain. Choose this one in the wallet, and try again. Nothing more was sent.'
  }
  if (name === 'ConnectorAccountNotFoundError') {
    return 'The wallet is at another account now. Choose the one that this began with, and try again. Nothing more was sent.'
  }
  if (code === -32002) return 'The wallet already has an open request. Open the wallet and answer it.'
  return shortMessage ?? message ?? 'The wallet failed without saying why.'
}
