/** Whatever a lane signed under a number: an attempt of a request, or a span of a lease. */
import { notFound } from 'next/navigation'
import { LeaseReceiptPage } from '~/components/lease-receipt/lease-receipt-page.tsx'
import { AttemptReceiptPage } from '~/components/receipt/attempt-receipt-page.tsx'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Receipt' }

export default async function ReceiptPage({ params }: { params: Promise<{ lane: string; seq: string }> }) {
  const { lane, seq } = await params
  if (!/^0x[0-9a-f]{64}$/.test(lane) || !/^\d{1,15}$/.test(seq)) notFound()
  const found = await pageData(`/receipts/${lane}/${seq}`, (api) => api.receipts.detail({ lane, seq: Number(seq) }))
  return found.kind === 'lease' ? (
    <LeaseReceiptPage receipt={found.receipt} />
  ) : (
    <AttemptReceiptPage receipt={found.receipt} />
  )
}
