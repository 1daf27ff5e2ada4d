/** Batches of a team: many requests in a file, answered in slack within a day. */
import { Plus } from 'lucide-react'
import { BatchesTable } from '~/components/batches/batches-table.tsx'
import { Pager } from '~/components/pager.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { CodeBlock } from '~/components/ui/code-block.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { readSearch, type SearchParams } from '~/lib/page/search.ts'
import { gatewayUrl } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Batches' }

export default async function BatchesPage({ searchParams }: { searchParams: SearchParams }) {
  const search = await readSearch(searchParams)
  const page = await pageData('/batches', (api) => api.batches.list({ cursor: search.cursor }))
  return (
    <>
      <PageHeader
        title="Batches"
        description="Many requests in one file, placed by price where nobody waits. Each line is answered once, within 24 hours."
        actions={
          <>
            <LiveRefresh intervalMs={3_000} />
            <ButtonLink href="/batches/new" tone="primary">
              <Plus aria-hidden className="size-4" /> New batch
            </ButtonLink>
          </>
        }
      />
      {page.items.length === 0 ? (
        <>
          <EmptyState
            title={search.cursor ? 'No older batches' : 'No batches yet'}
            action={<ButtonLink href="/batches/new">Choose a file</ButtonLink>}
          >
            Upload a file with one request a line, here or from a program. Output and errors are files too.
          </EmptyState>
          <div className="mt-4">
            <CodeBlock label="a batch with curl" code={exampleOf(await gatewayUrl())} />
          </div>
        </>
      ) : (
        <BatchesTable items={page.items} />
      )}
      <Pager path="/batches" search={search} nextCursor={page.nextCursor} />
    </>
  )
}

const exampleOf = (url: string): string => `# in.jsonl, one request a line:
# {"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{"model":"MODEL","messages":[{"role":"user","content":"Hi"}]}}
curl ${url}/v1/files -H "Authorization: Bearer $ISOCHRONE_API_KEY" -F purpose=batch -F file=@in.jsonl
curl ${url}/v1/batches -H "Authorization: Bearer $ISOCHRONE_API_KEY" -H "Content-Type: application/json" \\
  -d '{"input_file_id":"FILE_ID","endpoint":"/v1/chat/completions","completion_window":"24h"}'`
