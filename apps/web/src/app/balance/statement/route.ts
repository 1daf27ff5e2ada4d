/** `GET /balance/statement?format=csv|json&kind&from&to`: the channel's whole history as a file, streamed page by page. */
import { apiErrorOf, type ApiCaller } from '@isochrone/api'
import type { HistoryItem } from '@isochrone/services'
import { historyFilterOf, type HistoryFilter } from '~/lib/page/history-filter.ts'
import { statement } from '~/lib/money/statement.ts'
import { api, chainContext, viewer } from '~/server/context.ts'

const PAGE = 200
/** A million movements: nobody has them, and a loop has an end. */
const PAGES_MAX = 5_000

export async function GET(request: Request): Promise<Response> {
  const search = Object.fromEntries(new URL(request.url).searchParams)
  const format = search.format === 'json' ? 'json' : 'csv'
  const filter = historyFilterOf(search)
  try {
    const caller = await api()
    // Asked before the first byte: who may not see it gets an error and no file.
    const [{ channel }, first] = [await caller.balance.get(), await caller.balance.history({ ...filter, limit: PAGE })]
    const { chainId, paymentChannels } = await chainContext()
    const organisation = (await viewer())?.activeOrganisation
    const head = {
      organisation: organisation?.name ?? '',
      channel,
      chainId,
      paymentChannels,
      filter: { ...filter },
      madeAt: new Date().toISOString(),
    }
    const text = statement(format, head, pagesOf(caller, filter, first))
    const name = `isochrone-statement-${organisation?.slug ?? 'channel'}-${head.madeAt.slice(0, 10)}.${format}`
    return new Response(streamOf(text), {
      headers: {
        'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json',
        'content-disposition': `attachment; filename="${name}"`,
        'cache-control': 'no-store',
      },
    })
  } catch (thrown) {
    const { code, publicMessage, httpStatus } = apiErrorOf(thrown)
    return Response.json({ error: { code, message: publicMessage } }, { status: httpStatus })
  }
}

async function* pagesOf(
  caller: ApiCaller,
  filter: HistoryFilter,
  first: { items: HistoryItem[]; nextCursor: string | null },
): AsyncGenerator<HistoryItem[]> {
  let page = first
  for (let read = 1; read <= PAGES_MAX; read++) {
    yield page.items
    if (page.nextCursor === null) return
    page = await caller.balance.history({ ...filter, limit: PAGE, cursor: page.nextCursor })
  }
}

/** Pulled: a page of the history is read when the one before has left. */
function streamOf(text: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await text.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    async cancel() {
      await text.return(undefined)
    },
  })
}
