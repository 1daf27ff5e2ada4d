'use client'
/** Runs the checks of one receipt in this browser and shows what each compared. */
import { useEffect, useState } from 'react'
import type { ReceiptView } from '@isochrone/services'
import { VerdictBadge } from '~/components/status.tsx'
import type { BrowserCheck, SigningDomain } from '~/lib/verify-receipt.ts'

export function ReceiptChecks({ receipt, domain }: { receipt: ReceiptView; domain: SigningDomain }) {
  const [checks, setChecks] = useState<BrowserCheck[] | null>(null)
  useEffect(() => {
    let current = true
    // viem is a large library that only this panel needs: it loads beside the page, not before it.
    const check = async () => {
      const { verifyReceipt } = await import('~/lib/verify-receipt.ts')
      const done = await verifyReceipt(receipt, domain)
      if (current) setChecks(done)
    }
    void check()
    return () => {
      current = false
    }
  }, [receipt, domain])

  const fromServer = receipt.checks.filter(({ name }) => name === 'price')
  const valid = checks?.every(({ verdict }) => verdict !== 'invalid')
  return (
    <div aria-live="polite" aria-busy={checks === null}>
      <p className="mb-2 text-ink-2" data-testid="receipt-verdict">
        {checks === null
          ? 'Checking the signatures in your browser…'
          : valid
            ? 'Verified in your browser: every hash and signature below was computed here.'
            : 'This receipt does not hold: see the check that failed.'}
      </p>
      <ul className="divide-y divide-line rounded-md border border-line bg-surface">
        {(checks ?? placeholders).map((check) => (
          <li key={check.name} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2">
            <span className="w-28 shrink-0">{checks ? <VerdictBadge verdict={check.verdict} /> : '…'}</span>
            <span className="font-medium">{check.name}</span>
            <span className="text-ink-2">{check.detail}</span>
          </li>
        ))}
        {fromServer.map((check) => (
          <li key={check.name} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2">
            <span className="w-28 shrink-0">
              <VerdictBadge verdict={check.verdict} />
            </span>
            <span className="font-medium">Price follows from the terms</span>
            <span className="text-ink-2">{check.detail} Checked by our server.</span>
          </li>
        ))}
      </ul>
    </div>
  )
}

const placeholders: BrowserCheck[] = [
  { name: 'Delivery receipt signed by the gateway', verdict: 'unverifiable', detail: '' },
  { name: 'Work receipt signed by the node', verdict: 'unverifiable', detail: '' },
  { name: 'Included in the epoch’s Merkle root', verdict: 'unverifiable', detail: '' },
]
