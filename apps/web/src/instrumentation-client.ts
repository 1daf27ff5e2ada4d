/** Runs in the browser before a page is brought to life. */
import '~/lib/page/page-connection.ts'
