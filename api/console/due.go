package console

import (
	"time"

	"duradesk/api/openapi"
)

// dueView is the nearest deadline.
type dueView struct {
	Kind  string
	At    moment
	Left  string
	Level string // calm, soon, late
}

// due is the running clock that falls due first.
func (v *visit) due(t openapi.Ticket) *dueView {
	var next *openapi.Clock
	for i, k := range t.Clocks {
		if k.State == "running" && k.DueAt != nil && (next == nil || k.DueAt.Before(*next.DueAt)) {
			next = &t.Clocks[i]
		}
	}
	if next == nil {
		return nil
	}
	return v.dueOf(*next)
}

// targets are the clocks by which somebody waits; the others only tidy up.
var targets = map[openapi.ClockKind]bool{"first_response": true, "next_response": true, "resolution": true, "promise": true, "hand_over": true}

func (v *visit) dueOf(k openapi.Clock) *dueView {
	left := k.DueAt.Sub(v.c.Now())
	out := &dueView{Kind: string(k.Kind), At: v.moment(*k.DueAt), Left: v.age(left), Level: "calm"}
	switch {
	case !targets[k.Kind]:
	case left < 0:
		out.Level = "late"
	case k.WarnAt == nil && k.Kind != "hand_over", left < time.Hour:
		out.Level = "soon"
	}
	return out
}
