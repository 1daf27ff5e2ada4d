'use client'
/** What the machine is called, where it stands, and what its owner declares of it. */
import { useId, useState, type SubmitEvent } from 'react'
import { DeclarationFields, defaultDeclaration } from '~/components/provider/declaration-fields.tsx'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Form } from '~/components/ui/form.tsx'
import { formText } from '~/lib/page/form-text.ts'
import { regionHint, type KnownPlaces } from '~/lib/listing/listing-region.ts'
import { useListingSave, type StepProps } from './use-listing-save.ts'

interface MachineStepProps extends StepProps {
  /** Whose place is known. */
  places: KnownPlaces
}

export function MachineStep({ listing, disabledReason, places }: MachineStepProps) {
  const { machine } = listing.draft
  const save = useListingSave(listing, 'machine')
  const [declared, setDeclared] = useState(
    machine ? { tier: machine.tier, dataPolicy: machine.dataPolicy } : defaultDeclaration,
  )
  const [sharedHost, setSharedHost] = useState(machine?.sharedHost ?? false)
  const [region, setRegion] = useState(machine?.region ?? '')
  const [country, setCountry] = useState(machine?.country ?? '')
  const placed = regionHint(region, country, places)
  const listId = useId()
  const errorOf = (field: string) => (save.error?.field === `machine.${field}` ? save.error.message : undefined)
  function submit(event: SubmitEvent<HTMLFormElement>) {
    const form = new FormData(event.currentTarget)
    void save.run({
      machine: {
        nodeName: formText(form, 'node'),
        region: formText(form, 'region').toLowerCase(),
        country: formText(form, 'country').toUpperCase(),
        ...declared,
        sharedHost,
      },
    })
  }
  return (
    <Form onSubmit={submit} className="flex max-w-2xl flex-col gap-4">
      <div className="grid gap-3 sm:grid-cols-3">
        <Field
          label="Node name"
          name="node"
          required
          maxLength={80}
          placeholder="rack-1"
          defaultValue={machine?.nodeName}
          error={errorOf('nodeName')}
        />
        <Field
          label="Region"
          name="region"
          required
          maxLength={8}
          placeholder="eu-de"
          list={listId}
          autoComplete="off"
          defaultValue={machine?.region}
          onChange={(event) => setRegion(event.target.value)}
          hint={placed.text}
          error={errorOf('region')}
        />
        <Field
          label="Country"
          name="country"
          required
          maxLength={2}
          placeholder="DE"
          defaultValue={machine?.country}
          onChange={(event) => setCountry(event.target.value)}
          hint="Two letters; residency rules use it."
          error={errorOf('country')}
        />
      </div>
      <datalist id={listId}>
        {places.regions.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {placed.isUncheckable && (
        <Notice tone="warn" live>
          No place is known for {region.trim().toLowerCase()} or for {country.trim().toUpperCase()}, so witnesses cannot
          check this claim by the speed of light: it stays unverified. A region out of the list can be checked.
        </Notice>
      )}
      <DeclarationFields value={declared} onChange={setDeclared} />
      <label className="flex items-start gap-2">
        <input
          type="checkbox"
          className="mt-1"
          checked={sharedHost}
          onChange={(event) => setSharedHost(event.target.checked)}
        />
        <span>
          Other nodes run on the same host.
          <span className="block text-xs text-ink-3">
            Say so and it counts as shared. If you do not and the checks find it, the listing fails.
          </span>
        </span>
      </label>
      {listing.node && !disabledReason && (
        <Notice>
          Its agent has joined. What you change here is checked anew, and stands from when you check and list.
        </Notice>
      )}
      <ErrorNotice error={save.error} />
      <Button
        type="submit"
        tone="primary"
        className="self-start"
        pending={save.pending}
        disabledReason={disabledReason}
      >
        Save and go on
      </Button>
    </Form>
  )
}
