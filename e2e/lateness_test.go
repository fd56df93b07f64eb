package e2e

import (
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// How late timers are: five hundred tickets wake within the same half minute (DURADESK_SOAK=1; else a few, which only
// shows that they all do).
func TestHowLateTimersAre(t *testing.T) {
	t.Parallel()
	timers, within := 20, 5*time.Second
	if os.Getenv("DURADESK_SOAK") != "" {
		timers, within = 500, 30*time.Second
	}
	d := startDesk(t)
	admin, record := d.admin(), d.record()
	numbers := make([]int64, timers)
	var all sync.WaitGroup
	room := make(chan struct{}, 8)
	each := func(do func(i int)) {
		for i := range numbers {
			room <- struct{}{}
			all.Go(func() {
				defer func() { <-room }()
				do(i)
			})
		}
		all.Wait()
	}
	each(func(i int) { numbers[i] = admin.newTicket("Sleeps", "sleeper@client.example") })
	began := time.Now()
	first := began.Add(time.Duration(timers)*150*time.Millisecond + 10*time.Second)
	each(func(i int) {
		until := first.Add(within * time.Duration(i) / time.Duration(timers))
		admin.command(numbers[i], "hold", object{"hold": object{"reason": "scheduled", "until": until}})
	})
	require.True(t, time.Now().Before(first), "all of them sleep before the first wakes; it took %v", time.Since(began))

	const woken = `from commands where name = 'wake-due' and outcome = 'applied'`
	eventually(t, time.Until(first)+within+patience, "all of them woke", func() (int, bool) {
		n := count(d, record, `select count(*) `+woken)
		return n, n == timers
	})
	var median, most float64
	require.NoError(t, record.QueryRow(t.Context(), `select percentile_cont(0.5) within group (order by late), max(late)
		from (select extract(epoch from applied_at - at)::float8 as late `+woken+`) x`).Scan(&median, &most))
	t.Logf("%d timers within %v: median %.0f ms late, the latest %.0f ms", timers, within, median*1000, most*1000)
	require.GreaterOrEqual(t, median, 0.0, "none rings before its second")
	require.Less(t, median, lateness.Seconds())
}
