package api

import (
	"context"

	"duradesk/ticket"
)

// Report tells what it was asked for.
func (f *fake) Report(_ context.Context, q ticket.ReportQuery) (ticket.Report, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reported = q
	if q.Name != "volume" && q.Name != "agents" {
		return ticket.Report{}, none("report")
	}
	return ticket.Report{
		Columns: []ticket.ReportColumn{{Key: "time", Kind: "text"}, {Key: "opened", Kind: "count"}},
		Rows:    [][]any{{"=1+1", int64(12)}, {"請求", nil}, {nil, 2.5}},
	}, f.away
}
