package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/e2e/postfix"
)

// realReports: mail leaves through a live Postfix. What it writes when the next server refuses the recipient, or puts him
// off, marks message, address and ticket; the final answer's owner has his ticket back.
func realReports(t *testing.T, d *desk) {
	t.Helper()
	if !postfix.Possible() {
		t.Log("no Postfix here, or not root, who alone may start it: reports are those written by hand")
		return
	}
	const gone, slow = "nobody@gone.example", "later@slow.example"
	relay := postfix.Start(t, postfix.Options{
		Home:   d.settings["DURADESK_SMTP_ADDR"],
		Routes: map[string]string{"gone.example": refusing(t, "550 5.1.1 no such user here"), "slow.example": refusing(t, "451 4.3.2 come back later")},
	})
	pool := d.record()
	_, err := pool.Exec(t.Context(), `update mailboxes set smtp_addr = $1 where address = $2`, relay, deskAddress)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, d.admin().call(http.MethodPatch, "/desks/support", object{"undo_send_seconds": 0}).status)
	start := time.Now()
	d.send(letter{name: "Gone", from: gone, subject: "Answer me", body: "Hello."})
	d.send(letter{name: "Slow", from: slow, subject: "Answer me later", body: "Hello."})
	for title, to := range map[string]string{"Answer me": gone, "Answer me later": slow} {
		v := d.admin().awaitTitle(title)
		d.admin().command(v.Number, "resolve", object{"message": says("Done.")})
		delivery := func() deliveryView {
			for _, item := range d.admin().timeline(v.Number) {
				if item.Type == "message" && len(item.Delivery) > 0 {
					return item.Delivery[0]
				}
			}
			return deliveryView{}
		}
		if to == gone {
			bounced := eventually(t, patience, "Postfix's report is read", func() (deliveryView, bool) { s := delivery(); return s, s.State == "bounced" })
			require.Contains(t, *bounced.Reason, "5.1.1")
			require.Contains(t, *bounced.Reason, "no such user here")
			d.admin().awaitState(v.Number, "open")
			continue
		}
		late := eventually(t, patience, "Postfix's warning is read", func() (deliveryView, bool) { s := delivery(); return s, s.Reason != nil })
		require.Equal(t, "accepted", late.State, "a delay is a warning only")
		require.Contains(t, *late.Reason, "still on its way")
		require.Equal(t, "resolved", d.admin().ticket(v.Number).State)
	}
	t.Logf("a live Postfix's reports were read after %v", time.Since(start).Round(time.Millisecond))
	require.Equal(t, 1, count(d, pool, `select count(*) from undeliverable where address = $1 and why = 'bounce'`, gone))
	require.Zero(t, count(d, pool, `select count(*) from undeliverable where address = $1`, slow))
	require.Zero(t, count(d, pool, `select count(*) from tickets where title like 'Undelivered%' or title like 'Delayed%'`), "no report opens a ticket")
}
