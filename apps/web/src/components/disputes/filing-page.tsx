/** The page on which a dispute is filed, whatever it is about: facts, what to try first, the form or why there is none. */
import { formatUsd } from '@isochrone/domain'
import type { DisputeView } from '@isochrone/services'
import type { ReactNode } from 'react'
import { ButtonLink } from '~/components/ui/button.tsx'
import { CodeBlock } from '~/components/ui/code-block.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { chainContext } from '~/server/context.ts'
import { DisputeForm, type DisputeSubject } from './dispute-form.tsx'
import { DisputesTable } from './disputes-table.tsx'

export interface FilingPageProps {
  title: string
  description: string
  badges?: ReactNode
  /** What it is about. */
  about: { href: string; label: string }
  facts: (readonly [label: string, value: ReactNode])[]
  bondMicroUsd: bigint
  /** When the bond comes back, after `back`. */
  bondBack: string
  /** A command that finds out more. */
  command?: { label: string; code: string } | undefined
  /** Why nothing can be filed; null where something can. */
  refusal: string | null
  subject: DisputeSubject
  hint: string
  disabledReason: string | undefined
  /** Disputes about the same. */
  earlier?: readonly DisputeView[]
}

export async function FilingPage(props: FilingPageProps) {
  const { title, description, badges, about, facts, bondMicroUsd, bondBack, command, refusal, earlier = [] } = props
  const { subject, hint, disabledReason } = props
  const { chainId, rpcUrl } = await chainContext()
  return (
    <>
      <PageHeader
        trail={[{ href: '/disputes', label: 'Disputes' }]}
        title={title}
        description={description}
        badges={badges}
        actions={<ButtonLink href={about.href}>{about.label}</ButtonLink>}
      />
      <div className="mb-5 flex max-w-xl flex-col gap-3">
        <Facts items={[...facts, ['Bond', `${formatUsd(bondMicroUsd)}; back${bondBack}`]]} />
        {command && <CodeBlock {...command} />}
      </div>
      {refusal === null ? (
        <DisputeForm {...{ subject, bondMicroUsd, hint, disabledReason, chainId, rpcUrl }} />
      ) : (
        <Notice tone="warn">{refusal}</Notice>
      )}
      {earlier.length > 0 && (
        <div className="mt-8">
          <Section title="Disputes about this receipt">
            <DisputesTable
              label="Disputes about this receipt"
              path="/disputes"
              items={earlier}
              nowMs={Date.now()}
              empty={null}
            />
          </Section>
        </div>
      )}
    </>
  )
}
