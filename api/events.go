package api

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/lifecycle"
	"duradesk/ticket"
)

const usualEvents = 100

// ListEvents reads the log of all that happened, in its final order.
func (s *server) ListEvents(c *gin.Context, q openapi.ListEventsParams) {
	who := askerOf(c)
	query := EventQuery{After: value(q.After), Limit: usualEvents, Desks: who.desks()}
	if q.Limit != nil {
		query.Limit = *q.Limit
	}
	if q.Type != nil {
		query.Types = *q.Type
	}
	ctx, done := budget(c)
	defer done()
	list, next, err := s.Tells.Log(ctx, query)
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, struct {
		Items     []ticket.Envelope `json:"items"`
		NextAfter int64             `json:"next_after"`
		More      bool              `json:"more"`
	}{orNone(list), next, len(list) == query.Limit})
}

// orNone writes an empty list as one.
func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// eventTypes are those that a webhook may ask for.
func eventTypes() []string {
	var out []string
	for _, name := range append(lifecycle.EventNames(), "acknowledged", "not_acknowledged", "end_mailed", "end_not_mailed", "follow_up_opened", "failed", "kept", "repeated") {
		out = append(out, ticket.EventType(name))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
