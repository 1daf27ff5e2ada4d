/**
 * Huge pages for processes that decide: a decision reads a dozen rows anywhere in tables of many megabytes, and with
 * pages of 4 KiB most of them miss the processor's table of pages first. The C library must be told before it starts.
 *
 * glibc 2.35 and newer asks for them by `madvise` where a block is large (The GNU C Library manual, "Memory Allocation
 * Tunables"); others ignore the name, and so does a kernel whose mode of transparent huge pages is `never`.
 */
export function hugePagesEnv(): Readonly<Record<string, string>> {
  const { platform, env } = process
  return platform === 'linux' && env.GLIBC_TUNABLES === undefined ? { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' } : {}
}
