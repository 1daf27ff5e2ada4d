/** What somebody wants to withdraw, read before it is shown for a second look. Pure; the server has the last word. */
import { formatUsd, microUsdFromUsd } from '@isochrone/domain'
import { getAddress, isAddress, type Hex } from 'viem'

export interface PayoutDraft {
  amountUsd: string
  toAddress: string
}

export interface PayoutWish {
  microUsd: bigint
  /** With the capitals that are its checksum (EIP-55), as wallets show it. */
  toAddress: Hex
}

/** The wish, or which field is wrong and why. `mostMicroUsd`: what is free; null where the server is asked. */
export function payoutWishOf(
  { amountUsd, toAddress }: PayoutDraft,
  mostMicroUsd: bigint | null,
): PayoutWish | { field: keyof PayoutDraft; message: string } {
  const microUsd = microUsdOf(amountUsd)
  if (microUsd === null) return { field: 'amountUsd', message: 'Enter an amount in dollars, such as 12.50.' }
  if (microUsd <= 0n) return { field: 'amountUsd', message: 'Enter more than zero.' }
  if (mostMicroUsd !== null && microUsd > mostMicroUsd) {
    return { field: 'amountUsd', message: `At most ${formatUsd(mostMicroUsd)} can be withdrawn now.` }
  }
  const text = toAddress.trim()
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) {
    return { field: 'toAddress', message: 'This is not an address: 0x and 40 digits from 0 to 9 and a to f.' }
  }
  if (!isChecked(text)) {
    return { field: 'toAddress', message: 'A digit of this address is wrong: its capitals do not fit. Copy it again.' }
  }
  return { microUsd, toAddress: getAddress(text.toLowerCase()) }
}

/** In groups of four digits after the `0x`: people compare groups. */
export function addressGroups(address: string): string[] {
  return address.slice(2).match(/.{1,4}/g) ?? []
}

/** Mixed case is a checksum; in one case there is none to check. */
function isChecked(address: string): boolean {
  const digits = address.slice(2)
  return digits === digits.toLowerCase() || digits === digits.toUpperCase() || isAddress(address)
}

function microUsdOf(text: string): bigint | null {
  try {
    return microUsdFromUsd(text)
  } catch {
    return null
  }
}
