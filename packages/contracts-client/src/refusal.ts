/** `IPaymentChannels.Refusal`: why a voucher was not paid, in the order of the Solidity enum. */
export const refusals = [
  'none',
  'bad_signature',
  'unknown_provider',
  'nothing_due',
  'unknown_channel',
  'ceiling_reached',
  'balance_empty',
  'anchored_sum_reached',
] as const
export type Refusal = (typeof refusals)[number]

export const refusalSentences: Record<Refusal, string> = {
  none: 'The voucher was paid.',
  bad_signature: 'The voucher is not signed by its lane.',
  unknown_provider: 'The voucher names a provider that is not registered.',
  nothing_due: 'All that the voucher claims was paid before.',
  unknown_channel: 'The voucher names a channel that does not exist.',
  ceiling_reached:
    'The channel is drawn up to the ceiling that its owner signed. It is paid once the ceiling is raised.',
  balance_empty: 'The channel has no balance left. It is paid once the channel is topped up.',
  anchored_sum_reached:
    'The lane has claimed all that it anchored receipts for. Anchor the epoch first, or announce the voucher.',
}

/** The refusal behind the number in an event or error. A number that we do not know is an error of ours. */
export function refusalOf(code: number): Refusal {
  const refusal = refusals[code]
  if (refusal === undefined) throw new RangeError(`No refusal has the number ${code}`)
  return refusal
}
