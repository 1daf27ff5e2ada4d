'use client'
/** Gives stake back to a provider that leaves: says what that means before it begins. */
import { useRouter } from 'next/navigation'
import type { SubmitEvent } from 'react'
import { releaseStake } from '~/actions/provider.ts'
import { Button } from '~/components/ui/button.tsx'
import { Dialog } from '~/components/ui/dialog.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Form } from '~/components/ui/form.tsx'
import { Hash } from '~/components/ui/values.tsx'
import { formText } from '~/lib/page/form-text.ts'
import { useOnceDialog } from '~/lib/page/use-action-dialog.ts'

export interface ReleaseStakeProps {
  /** The wallet that put it up, and has it back; left out, it is asked for. */
  ownWallet?: string
  disabledReason: string | undefined
}

export function ReleaseStake({ ownWallet, disabledReason }: ReleaseStakeProps) {
  const router = useRouter()
  const again = 'it is asked for once, even if that was done already'
  const { open, toggle, run, pending, error } = useOnceDialog(releaseStake, again)
  const atField = error?.field === 'toAddress' ? error.message : undefined
  async function submit(event: SubmitEvent<HTMLFormElement>) {
    const toAddress = ownWallet ?? formText(new FormData(event.currentTarget), 'toAddress').trim()
    if (!(await run({ toAddress })).ok) return
    toggle(false)
    router.refresh()
  }
  return (
    <Dialog
      open={open}
      onOpenChange={toggle}
      title="Take your stake back"
      description="All of it thaws, which takes longer than any dispute. Meanwhile penalties still reach it, your machines take no leases, and nothing more is withheld. What is left then goes to your wallet. This cannot be called off."
      trigger={<Button disabledReason={disabledReason}>Take the stake back</Button>}
    >
      <Form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3">
        {ownWallet === undefined ? (
          <Field
            label="Your wallet’s address"
            name="toAddress"
            placeholder="0x…"
            required
            autoComplete="off"
            spellCheck={false}
            hint="What is paid to a wrong address is lost: check every digit."
            error={atField}
          />
        ) : (
          <p>
            It goes to the wallet that put it up: <Hash value={ownWallet} label="your wallet" />.
          </p>
        )}
        {(ownWallet !== undefined || !atField) && <ErrorNotice error={error} />}
        <Button type="submit" tone="danger" className="self-end" pending={pending}>
          Take the stake back
        </Button>
      </Form>
    </Dialog>
  )
}
