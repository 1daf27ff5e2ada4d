/**
 * How the C library keeps memory for our servers. It must be told before a process starts (The GNU C Library manual, "Memory
 * Allocation Tunables"); glibc before 2.35 and other libraries ignore what they do not know.
 */

/**
 * Left alone, glibc keeps up to eight arenas of 64 MiB a core for threads that meet in it, each as large as it ever was, and hands
 * blocks that are freed to the next one that asks instead of to the machine, up to 32 MiB. A server that runs for weeks then
 * holds what its worst moments needed. Two arenas; blocks of 256 KiB and more go back when they are freed, the rest
 * when 4 MiB of it are free at an arena's end.
 */
const kept = ['arena_max=2', 'mmap_threshold=262144', 'trim_threshold=4194304']

/** A decision reads a dozen rows anywhere in tables of many megabytes: with pages of 4 KiB most miss the processor's table of pages. */
const huge = 'hugetlb=1'

/** Empty where another system runs, or where whoever starts the process has set tunables, an empty list included. */
export function mallocEnv({ hugePages }: { hugePages: boolean }): Readonly<Record<string, string>> {
  const { platform, env } = process
  if (platform !== 'linux' || env.GLIBC_TUNABLES !== undefined) return {}
  const tunables = hugePages ? [huge, ...kept] : kept
  return { GLIBC_TUNABLES: tunables.map((each) => `glibc.malloc.${each}`).join(':') }
}
