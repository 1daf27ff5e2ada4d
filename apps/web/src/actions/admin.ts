'use server'
/** What staff's forms do. Each call is in the audit log before it runs. */
import { revalidatePath } from 'next/cache'
import type { ActionResult } from '~/lib/page/result.ts'
import { actionResult } from '~/server/page-data.ts'

export async function recheckNode(input: { id: string; reason: string }): Promise<ActionResult<{ dueAtMs: number }>> {
  const result = await actionResult((api) => api.admin.recheckNode(input))
  revalidatePath('/admin/verification')
  return result
}
