/** What a wallet signs (EIP-191) to show that it is the one that an organisation's earnings are to be paid to. */

/** Names the organisation, so that the signature is worth nothing to another. */
export function payoutMessage({ orgId, payoutAddress }: { orgId: string; payoutAddress: string }): string {
  return [
    'Isochrone: pay what this organisation earns to this wallet.',
    'Signing costs nothing and moves no money.',
    '',
    `Organisation: ${orgId}`,
    `Wallet: ${payoutAddress.toLowerCase()}`,
  ].join('\n')
}
