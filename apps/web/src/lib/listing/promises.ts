/** The promises of a version of the terms, in words. A promise of 0 is none. */
import type { Fields } from '../verify/signed-structs.ts'
import { formatMs } from '../words/format.ts'

export interface PromiseLine {
  label: string
  text: string
}

export function promiseLines(terms: Fields): PromiseLine[] {
  const value = (field: string) => Number(terms[field] ?? 0)
  const [base, perKtok, tpotUs] = [value('ttftBaseMs'), value('ttftPerKtokMs'), value('tpotUs')]
  const perThousand = perKtok > 0 ? ` + ${formatMs(perKtok)} for each 1,000 tokens in` : ''
  return [
    {
      label: 'Promised TTFT',
      text: base + perKtok > 0 ? `95 % within ${formatMs(base)}${perThousand}` : 'none',
    },
    { label: 'Promised TPOT', text: tpotUs > 0 ? `95 % within ${formatMs(tpotUs / 1_000)} a token` : 'none' },
    { label: 'Availability', text: '99 % not ended by the provider’s fault' },
    {
      label: 'Holds up to',
      text: value('concurrencyMax') > 0 ? `${value('concurrencyMax')} attempts at once` : 'not declared',
    },
    { label: 'Measured at', text: regionText(String(terms.sloRegion ?? '')) },
    {
      label: 'If broken',
      text: value('penaltyBps') > 0 ? `${value('penaltyBps') / 100} % of what was spent comes back` : 'nothing is due',
    },
  ]
}

/** The text in eight bytes, zero-padded. */
export function regionText(bytes8: string): string {
  const codes = bytes8.slice(2).match(/../g) ?? []
  const text = codes.map((code) => String.fromCharCode(Number.parseInt(code, 16))).join('')
  return text.replaceAll('\0', '') || 'any gateway region'
}
