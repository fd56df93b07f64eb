package e2e

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/postgres/crowd"
)

// quick is the script that measures the console.
const quick = "console/quick.test.mjs"

// How quick the console is, in a real browser, with 300 rows in the list. With DURADESK_SOAK=1 there are 100,000 tickets
// and the figures are those that are promised; else there are few, and ten times as much is allowed.
func TestTheConsoleIsQuick(t *testing.T) {
	t.Parallel()
	tickets, times := 1_000, 10
	if os.Getenv("DURADESK_SOAK") != "" {
		tickets, times = 100_000, 1
	}
	modules, err := browserModules()
	require.NoError(t, err)
	// The crowd comes before those who work: they would number its events while it does.
	d := startDesk(t, "--without", partWorker, "--without", partAPI)
	require.NoError(t, crowd.Fill(t.Context(), d.settings["DURADESK_DATABASE_URL"], crowd.Options{Tickets: tickets, Messages: 3}))
	worker, api := d.keep(partWorker), d.keep(partAPI)
	defer worker.end()
	defer api.end()
	d.awaitAPI()
	d.people()
	d.browse(modules, []string{"DESK_TIMES=" + fmt.Sprint(times)}, quick)
}
