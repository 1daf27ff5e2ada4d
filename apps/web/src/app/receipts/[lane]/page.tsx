/** `/receipts/0x…`: a receipt by the hash of either of its halves, or a lease's by its own. */
import { notFound, redirect } from 'next/navigation'
import { pageData } from '~/server/page-data.ts'

export default async function ReceiptByHashPage({ params }: { params: Promise<{ lane: string }> }) {
  const hash = (await params).lane.toLowerCase()
  if (!/^0x[0-9a-f]{64}$/.test(hash)) notFound()
  const { lane, seq } = await pageData(`/receipts/${hash}`, (api) => api.receipts.place({ hash }))
  redirect(`/receipts/${lane}/${seq}`)
}
