'use client'
/** Waits for the receipt to be on record, and links to it. It asks a bounded number of times and then says so. */
import { Link } from '~/components/ui/link.tsx'
import { useEffect, useState } from 'react'
import { receiptsOfRequest, type ReceiptLink } from '~/actions/playground.ts'
import { formatCount } from '~/lib/words/format.ts'

const TRIES = 20
const PAUSE_MS = 1_500

export function ReceiptWatch({ requestId }: { requestId: string }) {
  const [found, setFound] = useState<ReceiptLink[] | 'waiting' | 'missing'>('waiting')
  useEffect(() => {
    let left = TRIES
    let timer: ReturnType<typeof setTimeout>
    let gone = false
    async function ask() {
      const result = await receiptsOfRequest({ id: requestId }).catch(() => null)
      if (gone) return
      if (result?.ok) return setFound(result.data)
      if (--left === 0) return setFound('missing')
      timer = setTimeout(() => void ask(), PAUSE_MS)
    }
    void ask()
    return () => {
      gone = true
      clearTimeout(timer)
    }
  }, [requestId])
  return (
    <p role="status" className="text-ink-2">
      {found === 'waiting' && 'Waiting for the receipt to be stored…'}
      {found === 'missing' &&
        'No receipt is on record here. Where the key is another organisation’s, the receipt is on its page of requests.'}
      {Array.isArray(found) && (
        <>
          <Link href={`/requests/${requestId}`} className="link">
            Request, with why this node was chosen
          </Link>
          {found.map(({ lane, seq }) => (
            <span key={`${lane}-${seq}`}>
              {' · '}
              <Link href={`/receipts/${lane}/${seq}`} className="link">
                Receipt {formatCount(seq)}
              </Link>
            </span>
          ))}
        </>
      )}
    </p>
  )
}
