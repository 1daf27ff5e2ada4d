'use client'
/** Turns an organisation into a provider: a name, and who is paid: its own wallet, or an account that the platform holds. */
import { useRouter } from 'next/navigation'
import { useState, type SubmitEvent } from 'react'
import { createProvider } from '~/actions/provider.ts'
import { noPayout, PayoutFields, type Payout } from '~/components/provider/payout-fields.tsx'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Form } from '~/components/ui/form.tsx'
import { Segmented } from '~/components/ui/segmented.tsx'
import { formText } from '~/lib/page/form-text.ts'
import { useAction } from '~/lib/page/use-action.ts'

export interface BecomeProviderProps {
  orgId: string
  name: string
  disabledReason: string | undefined
}

const ways = [
  { value: 'wallet', label: 'To my own wallet' },
  { value: 'managed', label: 'To a managed account' },
] as const
type Way = (typeof ways)[number]['value']

export function BecomeProvider({ orgId, name, disabledReason }: BecomeProviderProps) {
  const router = useRouter()
  const create = useAction(createProvider)
  const [way, setWay] = useState<Way>('wallet')
  const [payout, setPayout] = useState<Payout>(noPayout)
  const errorOf = (field: string) => (create.error?.field === field ? create.error.message : undefined)
  async function submit(event: SubmitEvent<HTMLFormElement>) {
    const own = { payoutAddress: payout.address, payoutSignature: payout.signature ?? '' }
    const said = { name: formText(new FormData(event.currentTarget), 'name') }
    const result = await create.run(way === 'wallet' ? { ...said, ...own } : said)
    if (result.ok) router.refresh()
  }
  const isShownAtField = create.error?.field === 'name' || (way === 'wallet' && create.error?.field === 'payoutAddress')
  return (
    <Form onSubmit={(event) => void submit(event)} className="flex max-w-xl flex-col gap-3">
      <Field
        label="Name on the market"
        name="name"
        defaultValue={name}
        required
        maxLength={80}
        error={errorOf('name')}
      />
      <div className="flex flex-col items-start gap-1">
        <span id="paid-how" className="font-medium">
          How you are paid
        </span>
        <Segmented labelledBy="paid-how" value={way} options={ways} onChange={setWay} />
      </div>
      {way === 'wallet' ? (
        <PayoutFields
          orgId={orgId}
          payout={payout}
          onChange={setPayout}
          error={errorOf('payoutAddress')}
          disabledReason={disabledReason}
        />
      ) : (
        <Notice>
          An account on the chain for you alone, whose key the platform holds. Withdraw to a wallet of yours whenever
          you like. You need no wallet now, and your stake can be withheld from first earnings. How you are paid stays
          as you choose it here.
        </Notice>
      )}
      {create.error && !isShownAtField && <ErrorNotice error={create.error} />}
      <Button
        type="submit"
        tone="primary"
        className="self-start"
        pending={create.pending}
        disabledReason={
          disabledReason ?? (way === 'wallet' && !payout.signature ? 'Let your wallet sign first.' : undefined)
        }
      >
        Become a provider
      </Button>
    </Form>
  )
}
