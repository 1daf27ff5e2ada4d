/** Looks for a text in every file below a directory and in the memory of processes: where it must never have been. */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'

const PIECE_BYTES = 4 * 2 ** 20

/** As UTF-8, and as engines keep a string that has one wide character. */
const formsOf = (text: string): readonly Buffer[] => [Buffer.from(text, 'utf8'), Buffer.from(text, 'utf16le')]

/** Files that hold the text, and how many bytes were looked at. Files that vanish meanwhile are passed over. */
export function searchFiles(dir: string, text: string): { found: string[]; bytes: number } {
  const [found, forms]: [string[], readonly Buffer[]] = [[], formsOf(text)]
  let bytes = 0
  const visit = (path: string): void => {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat?.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name))
    else if (stat?.isFile()) {
      const content = readFileSync(path)
      bytes += content.length
      if (forms.some((form) => content.includes(form))) found.push(path)
    }
  }
  visit(dir)
  return { found, bytes }
}

/**
 * Whether the writable memory of a process holds the text; of one that has ended, or ends meanwhile, what could be read. Linux only,
 * and only for processes that we may look into.
 */
export function searchMemory(pid: number, text: string): { found: boolean; bytes: number } {
  const forms = formsOf(text)
  const overlap = Math.max(...forms.map(({ length }) => length))
  const memory = ifThere(() => openSync(`/proc/${pid}/mem`, 'r'))
  if (memory === null) return { found: false, bytes: 0 }
  const piece = Buffer.alloc(PIECE_BYTES)
  let bytes = 0
  try {
    for (const line of (ifThere(() => readFileSync(`/proc/${pid}/maps`, 'utf8')) ?? '').split('\n')) {
      const range = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line)
      if (!range) continue
      const end = Number.parseInt(range[2] ?? '0', 16)
      for (let at = Number.parseInt(range[1] ?? '0', 16); at < end; at += PIECE_BYTES - overlap) {
        const length = readPiece(memory, piece, at, Math.min(PIECE_BYTES, end - at))
        if (length === 0) break
        bytes += length
        const seen = piece.subarray(0, length)
        if (forms.some((form) => seen.includes(form))) return { found: true, bytes }
      }
    }
    return { found: false, bytes }
  } finally {
    closeSync(memory)
  }
}

/** Null where the process has ended. */
function ifThere<T>(look: () => T): T | null {
  try {
    return look()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return null
    throw error
  }
}

/** Pages that were never touched cannot be read: they hold nothing. */
function readPiece(memory: number, piece: Buffer, at: number, length: number): number {
  try {
    return readSync(memory, piece, 0, length, at)
  } catch {
    return 0
  }
}

/** Processes whose command line names `path`, and all their children. */
export function processesOf(path: string): number[] {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const parent = Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[1])
        return [{ pid: Number(name), parent, command: readFileSync(`/proc/${name}/cmdline`, 'utf8') }]
      } catch {
        return []
      }
    })
  const pids = new Set(processes.filter(({ command }) => command.includes(path)).map(({ pid }) => pid))
  for (let size = -1; size !== pids.size;) {
    size = pids.size
    for (const { pid, parent } of processes) if (pids.has(parent)) pids.add(pid)
  }
  return [...pids]
}
