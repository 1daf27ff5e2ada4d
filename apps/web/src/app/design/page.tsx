/** Every component in every state, on one page: what to copy from, and what a change of the look is checked on. */
import { notFound } from 'next/navigation'
import { ChartsShown } from '~/components/design/charts-shown.tsx'
import { ControlsShown } from '~/components/design/controls-shown.tsx'
import { PartsShown } from '~/components/design/parts-shown.tsx'
import { StatesShown } from '~/components/design/states-shown.tsx'
import { TokensShown } from '~/components/design/tokens-shown.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { platform } from '~/server/platform.ts'

export const metadata = { title: 'Design' }

export default async function DesignPage() {
  // For who builds the pages: production has no such address.
  if ((await platform()).env.ISOCHRONE_ENVIRONMENT === 'production') notFound()
  return (
    <>
      <PageHeader
        title="Design"
        description="Every component in every state. The values here are samples; on every other page they are real."
      />
      <TokensShown />
      <ControlsShown />
      <StatesShown />
      <PartsShown />
      <ChartsShown />
    </>
  )
}
