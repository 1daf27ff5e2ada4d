'use client'
/** How the two halves of a receipt lie under their epoch's root. */
import type { ReceiptView } from '@isochrone/services'
import { useId, useState } from 'react'
import { Notice } from '~/components/ui/notice.tsx'
import { Segmented } from '~/components/ui/segmented.tsx'
import { ProofPath } from './proof-path.tsx'

type Kind = 'DeliveryReceipt' | 'WorkReceipt'

export interface ProofPanelProps {
  receipt: Pick<ReceiptView, 'delivery' | 'work' | 'inclusion' | 'workInclusion' | 'checks'>
}

export function ProofPanel({ receipt }: ProofPanelProps) {
  const [kind, setKind] = useState<Kind>('DeliveryReceipt')
  const labelId = useId()
  const inclusion = kind === 'WorkReceipt' ? receipt.workInclusion : receipt.inclusion
  const fields = kind === 'WorkReceipt' ? receipt.work : receipt.delivery
  if (!receipt.inclusion) {
    return <Notice>Its epoch is still open. When it closes, the receipt gets a place under a Merkle root.</Notice>
  }
  return (
    <div className="flex flex-col gap-3">
      {receipt.workInclusion && (
        <div className="flex flex-wrap items-center gap-2">
          <span id={labelId} className="text-ink-2">
            Path of the
          </span>
          <Segmented<Kind>
            labelledBy={labelId}
            value={kind}
            onChange={setKind}
            options={[
              { value: 'DeliveryReceipt', label: 'Delivery receipt' },
              { value: 'WorkReceipt', label: 'Work receipt' },
            ]}
          />
        </div>
      )}
      {inclusion && fields && inclusion.proof ? (
        <ProofPath key={kind} kind={kind} fields={fields} inclusion={inclusion} />
      ) : (
        <Notice>{whyNone(receipt.checks, kind)}</Notice>
      )}
    </div>
  )
}

function whyNone(checks: ReceiptView['checks'], kind: Kind): string {
  const name = kind === 'WorkReceipt' ? 'work_inclusion' : 'inclusion'
  return checks.find((check) => check.name === name)?.detail ?? 'There is no path to draw.'
}
