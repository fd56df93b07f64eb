package api

import (
	"context"

	"duradesk/ticket"
)

// Reports counts what happened to tickets.
type Reports interface {
	// Report counts one; ticket.NotFound where there is none of that name.
	Report(ctx context.Context, q ticket.ReportQuery) (ticket.Report, error)
}
