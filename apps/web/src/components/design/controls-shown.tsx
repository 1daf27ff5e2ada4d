'use client'
/** What one presses, fills in and opens, in every state. */
import { useId, useState } from 'react'
import { Plus } from 'lucide-react'
import { Button, ButtonLink } from '~/components/ui/button.tsx'
import { CodeBlock } from '~/components/ui/code-block.tsx'
import { ConfirmDialog } from '~/components/ui/confirm-dialog.tsx'
import { Dialog } from '~/components/ui/dialog.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Form } from '~/components/ui/form.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { PillChoice } from '~/components/ui/pill-choice.tsx'
import { SecretOnce } from '~/components/ui/secret-once.tsx'
import { Segmented } from '~/components/ui/segmented.tsx'
import { Toast } from '~/components/ui/toast.tsx'

export function ControlsShown() {
  return (
    <>
      <Section title="Buttons" description="A disabled one keeps its focus and says why.">
        <div className="flex flex-wrap items-center gap-2">
          <Button tone="primary">
            <Plus aria-hidden className="size-4" /> Primary
          </Button>
          <Button>Plain</Button>
          <Button tone="quiet">Quiet</Button>
          <Button tone="danger">Revoke “deploy”</Button>
          <Button pending>Saving</Button>
          <Button disabledReason="Only owners and admins may do this.">Disabled</Button>
          <Button size="sm">Small</Button>
          <Button size="lg">Large</Button>
          <ButtonLink href="/design">A link</ButtonLink>
        </div>
      </Section>
      <Section title="Forms">
        <Form className="grid max-w-3xl gap-4 sm:grid-cols-2" onSubmit={() => {}}>
          <Field label="Name" placeholder="deploy" hint="After the program that will use it." />
          <Field label="Price of output" defaultValue="0.40" unit="$/M" />
          <Field label="Region" defaultValue="Frankfurt am Main" error="is 2 to 8 characters, for example eu-de" />
          <Field label="Organisation" defaultValue="Acme Research" readOnly />
          <Choices />
        </Form>
      </Section>
      <Section title="Dialogs and messages">
        <Dialogs />
      </Section>
      <Section title="What is copied">
        <div className="grid gap-4 lg:grid-cols-2">
          <CodeBlock label="a command" code="npm run verify-epoch -- 1234" />
          <SecretOnce
            secret="iso_sample_not_a_key"
            label="key"
            warning="Whoever has it can spend your balance."
            onStored={() => {}}
          />
        </div>
      </Section>
    </>
  )
}

function Choices() {
  const [one, setOne] = useState<'price' | 'balanced' | 'latency'>('balanced')
  const [some, setSome] = useState<string[]>(['H200'])
  const oneId = useId()
  const someId = useId()
  return (
    <>
      <div>
        <p id={oneId} className="mb-1 font-medium">
          One of a few
        </p>
        <Segmented
          labelledBy={oneId}
          value={one}
          onChange={setOne}
          options={[
            { value: 'price', label: 'Price' },
            { value: 'balanced', label: 'Balanced' },
            { value: 'latency', label: 'Latency' },
          ]}
        />
      </div>
      <div>
        <p id={someId} className="mb-1 font-medium">
          Any of a few
        </p>
        <PillChoice
          labelledBy={someId}
          values={some}
          onChange={setSome}
          options={[
            { value: 'H200', label: 'H200', count: 12 },
            { value: 'B200', label: 'B200', count: 3 },
            { value: 'CPU', label: 'CPU', count: 1 },
          ]}
        />
      </div>
    </>
  )
}

function Dialogs() {
  const [open, setOpen] = useState(false)
  const [message, setMessage] = useState<string | null>(null)
  return (
    <div className="flex flex-wrap gap-2">
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title="A dialog"
        description="Focus stays inside, Escape closes it, and focus returns to what opened it."
        trigger={<Button>Open a dialog</Button>}
      >
        <Field label="A field" />
      </Dialog>
      <ConfirmDialog
        action={async () => ({
          ok: false,
          error: {
            code: 'chain_unavailable',
            owner: 'chain',
            message: 'The chain did not answer. Nothing was changed; try again in a minute.',
            field: null,
            requestId: 'req_0a1b2c',
          },
        })}
        input={null}
        title="Stop the lease “evaluation”?"
        description="Its endpoint ends at once. The seconds used so far are billed."
        trigger={<Button>Confirm what cannot be undone</Button>}
        confirm="Stop “evaluation”"
        keep="Keep it"
      />
      <Button onClick={() => setMessage('Saved. Gateways apply it within a second.')}>Show a toast</Button>
      <Toast message={message} onClose={() => setMessage(null)} />
    </div>
  )
}
