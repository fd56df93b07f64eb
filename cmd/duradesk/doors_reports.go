package main

import (
	"context"

	"duradesk/postgres"
	"duradesk/ticket"
)

// counts joins the API's port for reports to the record.
type counts struct{ s *postgres.Store }

func (c counts) Report(ctx context.Context, q ticket.ReportQuery) (ticket.Report, error) {
	r, err := c.s.Report(ctx, q)
	return r, away(err)
}
