'use client'
/** A page that could not be shown: what failed, who owns it, what to do, and an id to quote. */
import { RotateCcw } from 'lucide-react'
import { errorTable, type ErrorCode } from '@isochrone/domain'
import { Button } from '~/components/ui/button.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { Hash } from '~/components/ui/values.tsx'
import { ownerWords } from '~/lib/page/result.ts'

const advice: Partial<Record<ErrorCode, string>> = {
  forbidden: 'Your role in this organisation does not allow it. Ask an owner, or switch organisations.',
  chain_unavailable: 'The chain does not answer. What is already signed is safe; try again in a minute.',
  busy: 'Isochrone is busy: this waited too long for its turn. Nothing was written or charged; try again in a few seconds.',
  capacity_unavailable: 'Nothing on the market can serve this now. Try again in a moment.',
}

export default function ErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  const [code, , requestId] = (error.digest ?? '').split(':')
  const known = code && code in errorTable ? (code as ErrorCode) : 'internal'
  return (
    <>
      <PageHeader title="This page could not be shown" />
      <Notice tone="bad" live className="mb-4">
        {advice[known] ?? 'Something failed on our side. Try again; if it persists, quote the request id below.'}
      </Notice>
      <Facts
        items={[
          ['What failed', known],
          ['Owner', ownerWords[errorTable[known].owner]],
          ['Request id', <Hash key="id" full label="request id" value={requestId ?? error.digest ?? 'none'} />],
        ]}
      />
      <Button tone="primary" className="mt-4" onClick={reset}>
        <RotateCcw aria-hidden className="size-3.5" /> Try again
      </Button>
    </>
  )
}
