'use client'
/** Stake out of first earnings: the rule in full before it is agreed to, and how far it is afterwards. */
import type { PayoutAccountView } from '@isochrone/services'
import { useRouter } from 'next/navigation'
import type { SubmitEvent } from 'react'
import { withholdStake } from '~/actions/listing.ts'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Form } from '~/components/ui/form.tsx'
import { Link } from '~/components/ui/link.tsx'
import { Money } from '~/components/ui/values.tsx'
import { formText } from '~/lib/page/form-text.ts'
import { useAction } from '~/lib/page/use-action.ts'

interface WithholdStakeProps {
  account: PayoutAccountView | null
  disabledReason: string | undefined
}

const ownWallet =
  'Your payouts go straight to your own wallet, and nothing can be withheld there. Stake now, or list with an organisation that is paid to a managed account.'

export function WithholdStake({ account, disabledReason }: WithholdStakeProps) {
  const router = useRouter()
  const agree = useAction(withholdStake)
  const withholding = account?.withholding
  async function submit(event: SubmitEvent<HTMLFormElement>) {
    const result = await agree.run({ stakeUsd: formText(new FormData(event.currentTarget), 'stakeUsd') })
    if (result.ok) router.refresh()
  }
  return (
    <>
      <ul className="list-disc pl-5">
        <li>Half of all that you are paid goes into your stake, until it is full. The other half is yours at once.</li>
        <li>Until then your machines take requests and no leases.</li>
        <li>What penalties take from a full stake is withheld again.</li>
        <li>
          When you leave you have it back: it thaws, penalties still reach it meanwhile, and what is left goes to your
          wallet.
        </li>
      </ul>
      {withholding && (
        <Facts
          items={[
            ['Stake on the chain', <Money key="stake" microUsd={withholding.stakeMicroUsd} />],
            ['Grows to', <Money key="target" microUsd={withholding.targetMicroUsd} />],
            ['State', withholding.full ? 'full: machines can be leased' : 'growing: requests, and no leases yet'],
          ]}
        />
      )}
      <Form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3">
        <Field
          label="Your stake is to grow to"
          name="stakeUsd"
          inputMode="decimal"
          unit="$"
          defaultValue={withholding ? undefined : '100'}
          required
          hint="It can be raised later, not lowered."
          error={agree.error?.field === 'stakeUsd' ? agree.error.message : undefined}
        />
        {agree.error?.field !== 'stakeUsd' && <ErrorNotice error={agree.error} />}
        <Button
          type="submit"
          className="self-start"
          pending={agree.pending}
          disabledReason={disabledReason ?? (account ? undefined : ownWallet)}
        >
          {withholding ? 'Raise it' : 'Withhold it'}
        </Button>
      </Form>
      {withholding && (
        <p>
          Every step is on{' '}
          <Link href="/provider/payouts" className="link">
            Payouts
          </Link>
          .
        </p>
      )}
    </>
  )
}
