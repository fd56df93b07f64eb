package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/postgres"
)

type fakeRecord struct {
	figures postgres.Figures
	err     error
}

func (f fakeRecord) Figures(context.Context) (postgres.Figures, error) { return f.figures, f.err }

func scraped(t *testing.T, r record) string {
	t.Helper()
	w := httptest.NewRecorder()
	newFigures(r, slog.New(slog.DiscardHandler)).page().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, w.Code)
	return w.Body.String()
}

func TestAWorkerTellsTheRecordsFigures(t *testing.T) {
	t.Parallel()
	page := scraped(t, fakeRecord{figures: postgres.Figures{
		Tickets: map[string]int64{"open": 3}, Unapplied: 2, Oldest: 90 * time.Second, Deliveries: map[string]int64{"queued": 4},
		Mailboxes: []postgres.MailboxFigures{{ID: "m1", Desk: "support", State: "stopped", Unseen: time.Minute}},
	}})
	for _, line := range []string{
		"duradesk_record_up 1", `duradesk_tickets{state="open"} 3`, "duradesk_commands_unapplied 2", "duradesk_commands_unapplied_age_seconds 90",
		`duradesk_deliveries{state="queued"} 4`, `duradesk_deliveries{state="uncertain"} 0`,
		`duradesk_mailbox_unseen_seconds{desk="support",mailbox="m1"} 60`, `duradesk_mailbox_up{desk="support",mailbox="m1",state="stopped"} 0`,
		"duradesk_sweeper_finds_total 0",
	} {
		require.Contains(t, page, "\n"+line+"\n")
	}
}

func TestAWorkerWithoutARecordSaysSo(t *testing.T) {
	t.Parallel()
	page := scraped(t, fakeRecord{err: errors.New("away")})
	require.Contains(t, page, "\nduradesk_record_up 0\n")
	require.NotContains(t, page, "duradesk_commands_unapplied", "a figure that is not known is not 0")
	require.Contains(t, page, "go_goroutines")
}
