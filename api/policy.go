package api

import (
	"encoding/json"

	"duradesk/calendar"
	"duradesk/lifecycle"
	"duradesk/ticket"
)

type calendarID struct {
	key     string
	version int
}

// rules returns the table that the ticket's desk works by, and all that it goes by besides the ticket. What cannot be
// read was written by a newer build; the ticket is shown by the inquiry table then, round the clock, and the log says so.
func (s *server) rules(r ticket.Record) (*lifecycle.Table, lifecycle.Policy) {
	table, known := lifecycle.ByName(r.Rules)
	if !known {
		s.Log.Error("unknown process", "process", r.Rules, "ticket", r.Process.Number)
		table = lifecycle.Inquiry
	}
	return table, lifecycle.Policy{Settings: r.Settings, Calendar: s.calendar(r)}
}

// calendar is the one that is pinned to the ticket.
func (s *server) calendar(r ticket.Record) calendar.Calendar {
	if r.Calendar == nil {
		return calendar.Always
	}
	id := calendarID{r.Settings.Calendar, r.Process.Calendar}
	if found, ok := s.calendars.Load(id); ok {
		if c, isOne := found.(calendar.Calendar); isOne {
			return c
		}
	}
	var spec calendar.Spec
	err := json.Unmarshal(r.Calendar, &spec)
	c := calendar.Always
	if err == nil {
		c, err = calendar.New(spec)
	}
	if err != nil {
		s.Log.Error("calendar cannot be read", "calendar", id.key, "version", id.version, "ticket", r.Process.Number, "error", err)
		return calendar.Always
	}
	s.calendars.Store(id, c)
	return c
}
