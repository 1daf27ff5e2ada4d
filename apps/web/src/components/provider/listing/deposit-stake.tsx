'use client'
/** Stake through the managed account: what is to lie on the chain behind this provider's promises. */
import type { StakeView } from '@isochrone/services'
import { useRouter } from 'next/navigation'
import type { SubmitEvent } from 'react'
import { requestStake } from '~/actions/listing.ts'
import { TxMark } from '~/components/track.tsx'
import { Badge } from '~/components/ui/badge.tsx'
import { Button } from '~/components/ui/button.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Form } from '~/components/ui/form.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'
import { formText } from '~/lib/page/form-text.ts'
import { useAction } from '~/lib/page/use-action.ts'

interface DepositStakeProps {
  stake: StakeView[]
  disabledReason: string | undefined
}

const tones = { queued: 'neutral', sent: 'good', failed: 'bad' } as const

export function DepositStake({ stake, disabledReason }: DepositStakeProps) {
  const router = useRouter()
  const request = useAction(requestStake)
  async function submit(event: SubmitEvent<HTMLFormElement>) {
    const result = await request.run({ stakeUsd: formText(new FormData(event.currentTarget), 'stakeUsd') })
    if (result.ok) router.refresh()
  }
  const waits = stake.some(({ status }) => status === 'queued')
  return (
    <>
      <p>The platform&apos;s managed account puts it on the chain for you.</p>
      <Form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3">
        <Field
          label="Your stake is to be at least"
          name="stakeUsd"
          inputMode="decimal"
          unit="$"
          defaultValue="100"
          required
          hint="What is missing is added; asking twice adds nothing twice."
          error={request.error?.field === 'stakeUsd' ? request.error.message : undefined}
        />
        {request.error?.field !== 'stakeUsd' && <ErrorNotice error={request.error} />}
        <Button
          type="submit"
          className="self-start"
          pending={request.pending}
          disabledReason={disabledReason ?? (waits ? 'A stake of yours is on its way to the chain.' : undefined)}
        >
          Stake
        </Button>
      </Form>
      <DataTable
        label="Stake that was asked for"
        rows={stake}
        rowKey={({ id }) => id}
        columns={[
          { head: 'Asked, UTC', cell: ({ createdAtMs }) => <Utc at={createdAtMs} bare /> },
          { head: 'At least', numeric: true, cell: ({ microUsd }) => <Money microUsd={microUsd} /> },
          {
            head: 'State',
            cell: ({ status, error }) => (
              <>
                <Badge tone={tones[status]}>{status}</Badge>
                {error && <div className="text-xs text-bad">{error}</div>}
              </>
            ),
          },
          {
            head: 'Transaction',
            cell: ({ txHash, status }) =>
              txHash ? <TxMark hash={txHash} label="stake" /> : status === 'sent' ? 'was there already' : '—',
          },
        ]}
        empty={<p className="text-ink-3">No stake was asked for yet.</p>}
      />
    </>
  )
}
