/** The terms that receipts and counts name, by hash. */
import type { ControlPlaneStore } from '../ports/control-plane-store.ts'
import type { TermsView } from './views/requests.ts'

export async function termsViews(
  { evidence }: Pick<ControlPlaneStore, 'evidence'>,
  hashes: readonly string[],
): Promise<Map<string, TermsView>> {
  const rows = await evidence.termsRows([...new Set(hashes)])
  return new Map(
    rows.map(({ hash, providerId, values, document, registeredTx }) => [
      hash,
      { hash, providerId, values: signedValues(values), document, registeredTx },
    ]),
  )
}

function signedValues(values: unknown): TermsView['values'] {
  if (typeof values !== 'object' || values === null || Object.keys(values).length === 0) return null
  return values as Record<string, string | number>
}
