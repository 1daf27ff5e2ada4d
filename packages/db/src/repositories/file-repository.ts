/**
 * Customers' files. Content is in chunks of one size, written and read one at a time; a file is seen only once it is whole.
 */
import type { DbOrTx } from '../create-db.ts'

export interface FileRow {
  id: string
  orgId: string
  purpose: string
  filename: string
  bytes: number
  sha256: string | null
  createdAt: Date
  expiresAt: Date
}

/** Chunks of expired files that one call removes go with at most so many files. */
const REMOVED_A_CALL = 100

export function fileRepository(db: DbOrTx) {
  return {
    /** Nobody sees it before `finish`. Writing one that is there changes nothing. */
    async begin(row: Omit<FileRow, 'bytes' | 'sha256'>): Promise<void> {
      await db.storedFile.createMany({ data: [row], skipDuplicates: true })
    },

    async writeChunk(fileId: string, index: number, data: Uint8Array): Promise<void> {
      const bytes = new Uint8Array(data)
      const where = { fileId_index: { fileId, index } }
      await db.fileChunk.upsert({ where, create: { fileId, index, data: bytes }, update: { data: bytes } })
    },

    /** Chunks beyond, of an earlier and longer writing, are none of it. */
    async finish(id: string, end: { bytes: number; sha256: string; chunks: number }): Promise<void> {
      await db.fileChunk.deleteMany({ where: { fileId: id, index: { gte: end.chunks } } })
      await db.storedFile.updateMany({
        where: { id },
        data: { ready: true, bytes: BigInt(end.bytes), sha256: end.sha256 },
      })
    },

    async expireAt(id: string, expiresAt: Date): Promise<void> {
      await db.storedFile.updateMany({ where: { id }, data: { expiresAt } })
    },

    /** Null when there is none, it is not whole or expired, or it belongs to another organisation. */
    async get(id: string, orgId: string, now: Date): Promise<FileRow | null> {
      const row = await db.storedFile.findFirst({ where: { id, orgId, ready: true, expiresAt: { gt: now } } })
      return row && { ...row, bytes: Number(row.bytes) }
    },

    async list(filter: {
      orgId: string
      purpose: string | null
      after: { at: Date; id: string } | null
      newestFirst: boolean
      limit: number
      now: Date
    }): Promise<FileRow[]> {
      const { orgId, purpose, after, newestFirst, limit, now } = filter
      const before = newestFirst ? 'lt' : 'gt'
      const rows = await db.storedFile.findMany({
        where: {
          orgId,
          ready: true,
          expiresAt: { gt: now },
          ...(purpose !== null && { purpose }),
          ...(after && {
            OR: [{ createdAt: { [before]: after.at } }, { createdAt: after.at, id: { [before]: after.id } }],
          }),
        },
        orderBy: [{ createdAt: newestFirst ? 'desc' : 'asc' }, { id: newestFirst ? 'desc' : 'asc' }],
        take: limit,
      })
      return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }))
    },

    /** Of all that the organisation keeps. */
    async usage(orgId: string): Promise<{ files: number; bytes: number }> {
      const { _count: files, _sum } = await db.storedFile.aggregate({
        where: { orgId },
        _count: true,
        _sum: { bytes: true },
      })
      return { files, bytes: Number(_sum.bytes ?? 0n) }
    },

    /** Null beyond its end. */
    async chunk(fileId: string, index: number): Promise<Uint8Array | null> {
      return (await db.fileChunk.findUnique({ where: { fileId_index: { fileId, index } } }))?.data ?? null
    },

    /** False where there is none of this organisation. */
    async remove(id: string, orgId: string): Promise<boolean> {
      return (await db.storedFile.deleteMany({ where: { id, orgId } })).count === 1
    },

    /** Expired ones, and what was never finished, with their content. How many there were. */
    async removeDue(now: Date, unfinishedBefore: Date): Promise<number> {
      // A batch reads its input to the end, whenever that expires, and stands in nobody's way meanwhile.
      return db.$executeRaw`
        DELETE FROM "stored_file" WHERE "id" IN (
          SELECT file."id" FROM "stored_file" file
          WHERE (file."expiresAt" <= ${now}
              OR (NOT file."ready" AND file."purpose" = 'batch' AND file."createdAt" < ${unfinishedBefore}))
            AND NOT EXISTS (
              SELECT 1 FROM "batch" batch WHERE batch."inputFileId" = file."id"
                AND batch."status" IN ('validating', 'in_progress', 'finalizing', 'cancelling'))
          LIMIT ${REMOVED_A_CALL})`
    },
  }
}
