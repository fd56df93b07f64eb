//go:build soak

package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/postgres/crowd"
)

// How quick the console is, in a real browser, with 300 rows in the list of 100,000 tickets: the figures are those that are
// promised. TestConsoleInABrowser runs the same script over the few tickets that it has, and allows ten times as much.
func TestTheConsoleIsQuick(t *testing.T) {
	t.Parallel()
	modules, err := browserModules()
	require.NoError(t, err)
	// The crowd comes before those who work: they would number its events while it does.
	d := startDesk(t, "--without", partWorker, "--without", partAPI)
	require.NoError(t, crowd.Fill(t.Context(), d.settings["DURADESK_DATABASE_URL"], crowd.Options{Tickets: 100_000, Messages: 3}))
	worker, api := d.keep(partWorker), d.keep(partAPI)
	defer worker.end()
	defer api.end()
	d.awaitAPI()
	d.people()
	d.browse(modules, []string{"DESK_TIMES=1", "DESK_ROWS=300"}, "console/quick.test.mjs")
}
