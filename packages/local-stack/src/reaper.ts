/**
 * Stops our services even when this process dies without a chance to: `kill -9`, a crashed test worker.
 *
 * One small shell, in a process group of its own, reads "add PID SIGNAL" and "del PID" lines from a pipe that only this
 * process holds. When the pipe closes it signals the processes still listed, and only those; after ten seconds it ends
 * what is left. It never looks processes up by name.
 */
import { spawn, type ChildProcess } from 'node:child_process'

const script = `
trap '' INT TERM HUP
list=''
while read -r op pid signal; do
  case $op in
    add) list="$list $pid:$signal" ;;
    del) kept=''; for item in $list; do [ "\${item%%:*}" = "$pid" ] || kept="$kept $item"; done; list=$kept ;;
  esac
done
for item in $list; do kill -s "\${item##*:}" "\${item%%:*}" 2>/dev/null; done
for round in 1 2 3 4 5 6 7 8 9 10; do
  alive=''
  for item in $list; do kill -0 "\${item%%:*}" 2>/dev/null && alive="$alive $item"; done
  [ -z "$alive" ] && exit 0
  sleep 1
done
for item in $alive; do kill -9 "\${item%%:*}" 2>/dev/null; done
`

let shell: ChildProcess | undefined

function send(line: string): void {
  if (!shell) {
    shell = spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    shell.on('error', () => {})
    shell.stdin?.on('error', () => {})
    // Neither the shell nor its pipe keeps this process alive.
    shell.unref()
    ;(shell.stdin as unknown as { unref?: () => void } | null)?.unref?.()
  }
  shell.stdin?.write(`${line}\n`)
}

/** Puts `pid` under guard: should this process vanish, it gets `signal`. */
export function guardProcess(pid: number, signal: 'TERM' | 'INT'): void {
  send(`add ${pid} ${signal}`)
}

/** Takes `pid` off the list; call it as soon as the process has ended, because numbers are used again. */
export function releaseProcess(pid: number): void {
  send(`del ${pid}`)
}
