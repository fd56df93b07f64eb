package e2e

import (
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"
)

// How long things take on a desk that has nothing else to do. The figures are told for whoever looks, and
// `make bench` judges them; here nothing may wait for a poll or a sweep.
func latency(d *desk) {
	admin := d.admin()
	var opened, acknowledged, answered []time.Duration
	for i := range 5 {
		title, from := fmt.Sprintf("How long %d", i), fmt.Sprintf("long%d@client.example", i)
		start := time.Now()
		d.send(letter{name: "Long", from: from, subject: title, body: "?"})
		n := admin.awaitTitle(title).Number
		opened = append(opened, time.Since(start))
		d.awaitMail(from, 1)
		acknowledged = append(acknowledged, time.Since(start))
		for j := range 10 {
			start := time.Now()
			admin.command(n, "note", object{"message": says(fmt.Sprint("Note ", j))})
			answered = append(answered, time.Since(start))
		}
	}
	d.t.Logf("mail → ticket in the list p50 %v max %v; mail → acknowledgement in the mailbox p50 %v max %v; command → applied p50 %v p95 %v max %v",
		part(opened, 50), part(opened, 100), part(acknowledged, 50), part(acknowledged, 100), part(answered, 50), part(answered, 95), part(answered, 100))
	require.Less(d.t, part(opened, 50), soon)
	require.Less(d.t, part(answered, 50), soon)
}

// part is the smallest value that so many per cent do not exceed.
func part(values []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, (len(sorted)*percent+99)/100-1)].Round(100 * time.Microsecond)
}
