/** What a wallet or a chain refused, as a sentence. EIP-1193 codes; viem's errors carry a `shortMessage`. */
export function walletErrorText(thrown: unknown): string {
  const { code, shortMessage, message, cause } = (thrown ?? {}) as {
    code?: number
    shortMessage?: string
    message?: string
    cause?: unknown
  }
  if (code === 4001 || (cause as { code?: number } | undefined)?.code === 4001) {
    return 'You declined in the wallet. Nothing was sent.'
  }
  if (code === -32002) return 'The wallet already has an open request. Open the wallet and answer it.'
  return shortMessage ?? message ?? 'The wallet failed without saying why.'
}
